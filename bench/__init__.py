"""How fast the figures answer, measured: python -m bench [browser] [kernel] [sweep]."""
