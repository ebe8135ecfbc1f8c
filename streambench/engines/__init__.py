"""The contenders, one package each, behind one protocol."""
