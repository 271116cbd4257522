# Terms of formulas in R, for tests/formula/test_expansion.py.
# Run as: Rscript terms.R > terms.json
texts <- c(
  "x + (a - x)", "(a - x) + x", "x + (x + a - x)", "x - (a - x)", "a - (x - a)", "a + x - (a + x - a)",
  "x + ((a + x) - x) + b", "a*b + (a - a:b)", "a*b - (a - a:b)", "(a + b - a):x", "x + (a - 1)", "x + (0 + a)",
  "(x - 1) + (a + 1)", "x - (1 + a)", "x - (0 + a) - 1", "x - (a - 1) - 1", "a + b + (a*b - a) - b",
  "x + (a + b)^2 - (a - b)", "(a - x)*x", "x + (a - x + (b - a))", "a + (b - (a - a)) - a",
  "x + (log(x) - x)", "a + (-a + b)", "-a + a", "(x)", "((a + b) - (a))"
)
entry <- function(text) {
  found <- terms(as.formula(paste("~", text)))
  labels <- paste(sprintf('"%s"', attr(found, "term.labels")), collapse = ", ")
  sprintf('  "%s": [%d%s]', text, attr(found, "intercept"), if (nzchar(labels)) paste(",", labels) else "")
}
entries <- vapply(texts, entry, "")
cat(sprintf('{\n  "r": "%s",\n%s\n}\n', R.version.string, paste(entries, collapse = ",\n")))
