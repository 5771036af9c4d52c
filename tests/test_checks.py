"""Bad input, anywhere: a ValueError that begins with the argument's name, says what it takes and shows what it got.

One table for every public function of checks, landscapes, optimizers, schedules, clipping and descent.
"""

import inspect
from fractions import Fraction
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest

from helpers import checks, clipping, descent, landscapes, optimizers, schedules

BOWL = landscapes.quadratic([[3, 2], [2, 3]])
POINT = [1.0, 2.0]
NAN, INF = float("nan"), float("inf")
HUGE = 10**400  # a whole number that no float can hold

NO_NUMBER = ["0.1", "", None, True, np.True_, 1j, {}, {1.0}, object(), len, np.array("0.1"), np.array(True),
             np.array(1j), np.array(None)]  # fmt: skip
NOT_FINITE = [NAN, INF, -INF, HUGE, Fraction(HUGE), np.float32("nan"), np.array(INF)]
BAD_NUMBER = NO_NUMBER + NOT_FINITE + [[1.0], (1.0,), np.ones(1), np.ones((2, 2))]
BAD_ARRAY = [[], (), np.empty((0, 2)), [[1], [1, 2]], ["a"], [True, False], [None], [1j], [HUGE], [NAN, 1], [1, INF],
             np.array([1, None]), np.array(["2016-11-18"], dtype="datetime64[D]")]  # fmt: skip
BAD_NUMBER_OR_ARRAY = NO_NUMBER + NOT_FINITE + BAD_ARRAY
BAD_INTEGER = NO_NUMBER + NOT_FINITE[:3] + [2.0, 2.5, np.float64(2), Fraction(2), [2], np.array([2]), np.array(2)]
BAD_COUNT = [*BAD_INTEGER, 0, -1, -HUGE]  # a whole number >= 1
BAD_THETA = NO_NUMBER + [1.0, np.array(1.0), [], [[]], [["a", "b"]], [[1], [1, 2]], [True, False], [1j, 1],
                         np.empty((2, 0))]  # fmt: skip
BAD_POINT = [*BAD_THETA, [1.0], [1.0, 2.0, 3.0], [[1.0], [2.0]]]  # two parameters
NEGATIVE = [-1, -0.1, np.float64(-1e-300)]


def call(function, **arguments):
    """Call with the arguments; one named "argument" is replaced by the value under test."""
    return lambda name, value: function(**(arguments | {name: value}))


def gradient(theta):
    return theta


RANGES = {
    "learning_rate": [*NEGATIVE, [0.1, -0.1], np.array([-1.0])],
    "momentum": [*NEGATIVE, 1, 1.0, 1.5, [0.5, 1.0]],
    "rho": [*NEGATIVE, 1, 2, [0.5, 1.0]],
    "beta1": [*NEGATIVE, 1, [0.5, 1.0]],
    "beta2": [*NEGATIVE, 1, [0.5, 1.0]],
    "delta": [*NEGATIVE, [1e-7, -1e-7]],
}


def optimizer_rows():
    for method in optimizers.METHODS.values():
        ready = call(method, gradient=gradient, theta=POINT, learning_rate=0.1)
        yield method, ready, "theta", [*BAD_THETA, [NAN, 1.0], [INF, 1.0], [[1.0, 2.0], [1.0, -INF]]]
        yield method, ready, "gradient", [None, 1.0, "gradient", [1.0, 2.0]]
        for name in inspect.signature(method).parameters:
            if name in RANGES:
                scheduled = [len] if name in ("learning_rate", "momentum") else []  # there a function is welcome
                bad = [value for value in BAD_NUMBER_OR_ARRAY if not any(value is s for s in scheduled)]
                yield method, ready, name, bad + RANGES[name]
        for unknown in ("lr", "alpha", "nesterov", "max_norm", "num_steps"):
            yield method, ready, unknown, [0.5]
    yield optimizers.adam, call(optimizers.adam, gradient=gradient, theta=POINT), "bias_correction", [
        0, 1, None, "yes", 1.0, [], len, np.array(True)]  # fmt: skip


def landscape_rows():
    for make in (landscapes.rosenbrock, landscapes.rastrigin, landscapes.mountain, landscapes.power):
        lowest = {"rosenbrock": [1], "mountain": [3, 10]}.get(make.__name__, [])
        yield make, call(make), "dimension", BAD_COUNT + lowest
    yield landscapes.mountain, call(landscapes.mountain), "tilt", [*BAD_NUMBER, *NEGATIVE, 0, 1, 1.5]
    yield landscapes.power, call(landscapes.power), "exponent", [*BAD_NUMBER, *NEGATIVE, 1, 1.99]
    for name in ("positive", "negative"):
        yield landscapes.saddle, call(landscapes.saddle), name, [*BAD_NUMBER, *NEGATIVE, 0]
    yield landscapes.cliff, call(landscapes.cliff), "num_steps", BAD_COUNT
    yield landscapes.cliff, call(landscapes.cliff), "initial", BAD_NUMBER
    yield landscapes.cliff, call(landscapes.cliff), "target", [*BAD_NUMBER, *NEGATIVE, 0, 1]
    bowl = call(landscapes.quadratic, matrix=np.eye(2))
    yield landscapes.quadratic, bowl, "matrix", [
        *BAD_NUMBER_OR_ARRAY, 1.0, [1.0, 2.0], np.ones((2, 3)), np.ones((1, 2, 2)), [[1, 2], [3, 1]],
        [[1, 1e-9], [0, 1]], [[1, NAN], [NAN, 1]], np.empty((0, 0))]  # fmt: skip
    yield landscapes.quadratic, bowl, "bounds", ["x", 3, [(-1, 1)], [(-1, 1, 2)] * 2, [(-1, INF)] * 2, [(1, -1)] * 2,
                                                 [(1, 1)] * 2, True, {}]  # fmt: skip
    yield landscapes.quadratic, bowl, "start", ["x", 3, [1.0], [1, 2, 3], [[1, 2]], [NAN, 1], [True, False]]
    noise = call(landscapes.with_noise, landscape=BOWL, scale=1.0)
    yield landscapes.with_noise, noise, "landscape", [None, "himmelblau", landscapes.himmelblau, gradient, 1.0]
    yield landscapes.with_noise, noise, "scale", [*BAD_NUMBER_OR_ARRAY, *NEGATIVE, [1.0, -1.0]]
    yield landscapes.with_noise, noise, "seed", [*BAD_INTEGER, -1, -HUGE]
    for kind in ("loss", "gradient", "hessian"):
        for land in (BOWL, landscapes.himmelblau(), landscapes.cliff()):
            yield getattr(land, kind), call(getattr(land, kind)), "theta", BAD_POINT
    noisy = landscapes.with_noise(BOWL, 1.0).gradient
    yield noisy, call(noisy), "theta", BAD_POINT


def schedule_rows():
    linear = call(schedules.linear_decay, initial=0.1, end=0.01, decay_steps=10)
    power = call(schedules.power_decay, initial=0.1, exponent=1)
    for name in ("initial", "end", "decay_steps"):
        yield schedules.linear_decay, linear, name, [*BAD_NUMBER_OR_ARRAY, *NEGATIVE, [1.0, -1.0]]
    for name in ("initial", "exponent", "offset"):
        bad = [*BAD_NUMBER_OR_ARRAY, *NEGATIVE, [1.0, -1.0]]
        yield schedules.power_decay, power, name, bad + ([0] if name == "offset" else [])
    for made in (schedules.linear_decay(0.1, 0.01, 10), schedules.power_decay(0.1, 1)):
        yield made, call(made), "k", [*BAD_NUMBER_OR_ARRAY, -1, [0, -1]]


def clipping_rows():
    for function, name in ((clipping.clip_by_norm, "max_norm"), (clipping.clip_by_value, "max_value")):
        yield function, call(function, gradient=POINT), name, [*BAD_NUMBER_OR_ARRAY, *NEGATIVE, 0, [1.0, 0.0]]
        yield function, call(function, **{name: 1.0}), "gradient", BAD_THETA


def descent_rows():
    ready = call(descent.descend, method="sgd", landscape=BOWL, start=POINT, num_steps=3, learning_rate=0.1)
    yield descent.descend, ready, "method", ["SGD", "", "newton", None, 1, [], np.array(["sgd", "adam"]), BOWL]
    yield descent.descend, ready, "landscape", [
        None, "bowl", landscapes.himmelblau, gradient, landscapes.Landscape,
        SimpleNamespace(loss=gradient, gradient=gradient),
        SimpleNamespace(loss=1, gradient=gradient, dimension=2)]  # fmt: skip
    yield descent.descend, ready, "start", [*BAD_POINT, [NAN, 1.0], [1.0, INF]]
    yield descent.descend, ready, "num_steps", BAD_COUNT
    yield descent.descend, ready, "record_every", BAD_COUNT
    for name in ("max_norm", "max_value"):
        bad = [value for value in BAD_NUMBER_OR_ARRAY if value is not None]  # None is "do not clip"
        yield descent.descend, ready, name, [*bad, *NEGATIVE, 0, [1.0, 0.0]]
    yield descent.descend, ready, "learning_rate", RANGES["learning_rate"]
    for unknown in ("momentum", "lr", "steps"):
        yield descent.descend, ready, unknown, [0.5]


def check_rows():
    for function, bad in ((checks.number, BAD_NUMBER), (checks.numbers_or_array, BAD_NUMBER_OR_ARRAY)):
        yield function, lambda name, value, f=function: f(name, value), "x", bad
        for bounds, outside in (({"minimum": 0}, -1), ({"maximum": 1}, 2), ({"above": 0}, 0), ({"below": 1}, 1)):
            yield function, lambda name, value, f=function, b=bounds: f(name, value, **b), "x", [outside]
    yield checks.integer, checks.integer, "x", BAD_INTEGER
    yield checks.integer, lambda name, value: checks.integer(name, value, minimum=1, maximum=5), "x", [
        0, 6, HUGE, -HUGE]  # fmt: skip
    for options in (("a", "b"), {"a": 1, "b": 2}):
        yield checks.choice, lambda name, value, o=options: checks.choice(name, value, o), "x", [
            "c", "", None, 1, [], {}, np.array(["a", "b"]), np.array([1, 2, 3])]  # fmt: skip
    yield checks.function, checks.function, "x", [None, 1, "len"]
    yield checks.finite_array, checks.finite_array, "x", [["a"], [NAN], [[1], [1, 2]], None, "text", True, [1j]]
    yield checks.finite_array, lambda name, value: checks.finite_array(name, value, ndim=2), "x", [1.0, [1.0]]
    yield checks.finite_array, lambda name, value: checks.finite_array(name, value, shape=(2,)), "x", [1.0, [1.0]]
    yield checks.parameters, checks.parameters, "x", BAD_THETA
    yield checks.parameters, lambda name, value: checks.parameters(name, value, 2, finite=True), "x", [
        *BAD_POINT, [NAN, 1]]  # fmt: skip


ROWS = [*optimizer_rows(), *landscape_rows(), *schedule_rows(), *clipping_rows(), *descent_rows(), *check_rows()]


def shown(value):
    """Some words of the message that only this value can have put there."""
    if isinstance(value, np.ndarray | list | tuple):
        return "got "
    return f"got {repr(value)[:60]}"


@pytest.mark.parametrize(("function", "use", "name", "values"), ROWS,
                         ids=[f"{row[0].__name__}-{row[2]}-{number}" for number, row in enumerate(ROWS)])  # fmt: skip
def test_bad_input_is_refused_by_name(function, use, name, values):
    for value in values:
        with pytest.raises(ValueError) as caught:
            use(name, value)
        message = str(caught.value)
        assert message.startswith(f"{name}: must be "), f"{value!r} -> {message}"
        takes, _, got = message.partition(", got ")
        assert takes.removeprefix(f"{name}: must be ").strip() and got.strip(), f"{value!r} -> {message}"
        assert len(message) < 400, "a message is one line, not a dump of an array"
        named = {"unknown name", "shape ("}  # in their place for an unknown argument and a shape that does not fit
        assert shown(value) in message or any(word in got for word in named), f"{value!r} -> {message}"


def test_the_table_knows_every_public_function():
    covered = {row[0].__name__ for row in ROWS}
    for module in (checks, landscapes, optimizers, schedules, clipping, descent):
        for name, thing in vars(module).items():
            if inspect.isfunction(thing) and thing.__module__ == module.__name__ and not name.startswith("_"):
                without_arguments = not inspect.signature(thing).parameters
                helps_only = thing in (checks.describe, checks.fail, checks.fits, checks.real_array)
                assert name in covered or without_arguments or helps_only, f"{module.__name__}.{name}"


# ---- Messages, word by word, as a reader meets them ----


@pytest.mark.parametrize(("use", "message"), [
    (lambda: optimizers.sgd(gradient, POINT, learning_rate=-0.1),
     "learning_rate: must be a finite number >= 0, got -0.1"),
    (lambda: optimizers.sgd(gradient, POINT, learning_rate="0.1"),
     "learning_rate: must be a finite number >= 0, got '0.1'"),
    (lambda: optimizers.momentum(gradient, POINT, learning_rate=[0.1, 0.2], momentum=[0.5, 1]),
     "momentum: must be finite numbers >= 0 and < 1, got values from 0.5 to 1"),
    (lambda: optimizers.sgd(gradient, POINT),
     "learning_rate: must be given: sgd has no default for it, got nothing"),
    (lambda: optimizers.sgd(gradient, POINT, lr=0.1),
     "lr: must be a hyper-parameter of sgd (learning_rate), got the unknown name 'lr'"),
    (lambda: descent.descend("SGD", BOWL, POINT, 3, learning_rate=0.1),
     "method: must be one of 'sgd', 'momentum', 'nesterov', 'adagrad', 'rmsprop', 'rmsprop_nesterov', 'adadelta',"
     " 'adam', got 'SGD'"),
    (lambda: descent.descend("sgd", BOWL, [1, 2, 3], 3, learning_rate=0.1),
     "start: must be an array of finite numbers of shape (..., 2), got shape (3,)"),
    (lambda: descent.descend("sgd", BOWL, [1, NAN], 3, learning_rate=0.1),
     "start: must be an array of finite numbers of shape (..., 2), got array [1.0, nan] holding NaN or infinity"),
    (lambda: descent.descend("sgd", BOWL, POINT, 3, learning_rate=0.1, max_norm=1, max_value=2),
     "max_value: must be left out where max_norm is given: clip one way or the other, got 2"),
    (lambda: descent.descend("sgd", BOWL, POINT, 2.0, learning_rate=0.1),
     "num_steps: must be a whole number >= 1, got 2.0"),
])  # fmt: skip
def test_messages(use, message):
    with pytest.raises(ValueError) as caught:
        use()
    assert str(caught.value) == message


# ---- What can only be seen on the way, or with two arguments ----


@pytest.mark.parametrize("method", optimizers.METHODS.values(), ids=optimizers.METHODS)
@pytest.mark.parametrize("returned", [
    None, 1.0, [1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]], np.ones((2, 2)), "ab", ["a", "b"], [1j, 2j], [True, False],
    [[1.0], [1.0, 2.0]],
], ids=repr)  # fmt: skip
def test_a_gradient_of_another_shape_or_kind_is_refused(method, returned):
    states = method(lambda theta: returned, POINT, learning_rate=0.1)
    expected = r"^gradient: must be a function that returns numbers of shape \(2,\), like theta"
    with pytest.raises(ValueError, match=expected):
        next(states)


@pytest.mark.parametrize("returned", [lambda theta: theta, lambda theta: "low", lambda theta: 1.0, lambda theta: None])
def test_a_cost_of_another_shape_or_kind_is_refused(returned):
    cost = SimpleNamespace(loss=returned, gradient=gradient, dimension=2)
    with pytest.raises(ValueError, match=r"^landscape: must be an object whose loss.*, got "):
        descent.descend("sgd", cost, POINT, 3, learning_rate=0.1)


@pytest.mark.parametrize("method", optimizers.METHODS.values(), ids=optimizers.METHODS)
@pytest.mark.parametrize("bad", [-0.1, NAN, INF, None, "0.1", True, [0.1, -0.1], []], ids=repr)
def test_a_schedule_that_returns_nonsense_is_refused(method, bad):
    with pytest.raises(ValueError, match=r"^learning_rate\(0\): must be "):
        method(gradient, POINT, learning_rate=lambda k: bad)  # at the call already
    states = method(gradient, POINT, learning_rate=lambda k: bad if k == 3 else 0.1)
    assert len(list(islice(states, 3))) == 3
    with pytest.raises(ValueError, match=r"^learning_rate\(3\): must be "):
        next(states)


@pytest.mark.parametrize("bad", [1.0, -0.5, NAN, "0.5"])
def test_a_schedule_of_momentum_is_checked_too(bad):
    for method in (optimizers.momentum, optimizers.nesterov, optimizers.rmsprop_nesterov):
        states = method(gradient, POINT, learning_rate=0.1, momentum=lambda k: bad if k == 2 else 0.5)
        with pytest.raises(ValueError, match=r"^momentum\(2\): must be a finite number >= 0 and < 1, got "):
            list(islice(states, 5))


@pytest.mark.parametrize("start", [POINT, [POINT, POINT]])
def test_a_schedule_cannot_add_axes_on_the_way(start):
    states = optimizers.sgd(gradient, start, learning_rate=lambda k: 0.1 if k < 2 else [0.1, 0.2, 0.3])
    expected = r"^learning_rate\(2\): must be of a shape that broadcasts to .*got shape \(3,\)"
    with pytest.raises(ValueError, match=expected):
        list(islice(states, 5))


def test_arrays_that_do_not_broadcast():
    three = np.ones((3, 2))
    with pytest.raises(ValueError, match=r"^learning_rate: must be of a shape that broadcasts with \(3,\)"):
        optimizers.sgd(gradient, three, learning_rate=[0.1, 0.2])
    with pytest.raises(ValueError, match=r"^momentum: must be of a shape .* got shape \(4,\)"):
        optimizers.momentum(gradient, three, learning_rate=[0.1, 0.2, 0.3], momentum=[0.1] * 4)
    with pytest.raises(ValueError, match=r"^learning_rate: must be of a shape"):
        optimizers.sgd(gradient, three, learning_rate=lambda k: [0.1, 0.2])
    for name in ("max_norm", "max_value"):
        with pytest.raises(ValueError, match=rf"^{name}: must be of a shape that broadcasts .*got shape \(2,\)"):
            descent.descend("sgd", BOWL, three, 2, learning_rate=0.1, **{name: [1.0, 2.0]})
    for scale in ([1.0, 2.0], np.ones((2, 3))):
        with pytest.raises(ValueError, match=r"^scale: must be of a shape that broadcasts to \(3,\)"):
            landscapes.with_noise(BOWL, scale).gradient(three)
    with pytest.raises(ValueError, match=r"^initial: must be of a shape that broadcasts .*end \(3,\)"):
        schedules.linear_decay([1.0, 2.0], [1.0, 2.0, 3.0], 5)
    with pytest.raises(ValueError, match=r"^initial: must be of a shape that broadcasts .*offset \(3,\)"):
        schedules.power_decay([1.0, 2.0], 1, offset=[1.0, 2.0, 3.0])


@pytest.mark.parametrize("clip", [clipping.clip_by_norm, clipping.clip_by_value])
def test_a_bound_that_does_not_fit_the_gradient(clip):
    name = inspect.signature(clip).parameters.keys() - {"gradient"}
    with pytest.raises(ValueError, match=rf"^{name.pop()}: must be of a shape that broadcasts with \(3,\)"):
        clip(np.ones((3, 2)), [1.0, 2.0])


# ---- Good input of unusual kinds passes, in the form that is computed with ----


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.longdouble(0.5), Fraction(1, 2), np.array(0.5)])
def test_numbers_of_every_kind(value):
    for check in (checks.number, checks.numbers_or_array):
        result = check("x", value, minimum=0, maximum=1, above=0, below=1)
        assert result == 0.5 and type(result) is float


def test_arrays_are_new_and_of_double_precision():
    given = np.array([1, 2], dtype=np.int8)
    for result in (checks.numbers_or_array("x", given), checks.finite_array("x", given), checks.parameters("x", given)):
        assert result.dtype == np.float64 and not np.shares_memory(result, given)
    double = np.array([1.0, 2.0])
    assert not np.shares_memory(checks.parameters("x", double), double)
    assert checks.finite_array("x", [[1, 2]], ndim=2).shape == checks.finite_array("x", [[1, 2]], shape=(1, 2)).shape
    assert np.isnan(checks.parameters("x", [NAN, 1.0])[0])  # a point of a run that diverges may be asked for


def test_whole_numbers_choices_and_functions():
    assert type(checks.integer("x", np.int16(3), minimum=3, maximum=3)) is int
    assert checks.integer("x", HUGE) == HUGE
    assert checks.choice("x", "a", ("a", "b")) == "a" and checks.choice("x", "a", {"a": 7}) == 7
    assert checks.function("x", len) is len
    assert checks.fits((), (3,)) and checks.fits((2, 1), (2, 5)) and not checks.fits((4, 3), (3,))


def test_descriptions_are_short():
    assert checks.describe(np.zeros((100, 3))) == "an array of shape (100, 3)"
    assert checks.describe(np.arange(3)) == "array [0, 1, 2]"
    assert len(checks.describe("x" * 1000)) == 80 and checks.describe("a b") == "'a b'"


def test_the_edges_of_the_ranges_are_allowed():
    for method in optimizers.METHODS.values():
        edges = {name: 0 for name in inspect.signature(method).parameters if name in RANGES and name != "delta"}
        state = next(method(gradient, POINT, **edges))
        assert np.array_equal(state.theta, POINT)
    big_seed = landscapes.with_noise(BOWL, 0, seed=HUGE)
    assert np.array_equal(big_seed.gradient(POINT), BOWL.gradient(POINT))
