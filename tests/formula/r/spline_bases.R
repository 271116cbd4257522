# Bases of R's splines and stats packages, for tests/formula/test_natural_spline.py and test_transforms.py.
# Run as: Rscript spline_bases.R > spline_bases.json
library(splines)
x <- c(1, 2, 3, 5, 8, 13, 21, 34)
new <- c(-4, 0, 1, 4.5, 34, 40)

numbers <- function(v) sprintf("[%s]", paste(sprintf("%.17g", v), collapse = ", "))
rows <- function(m) sprintf("[%s]", paste(apply(unclass(m)[, , drop = FALSE], 1, numbers), collapse = ",\n    "))
entry <- function(name, basis) {
  sprintf('  "%s": {\n   "old": %s,\n   "new": %s}', name, rows(basis), rows(predict(basis, new)))
}
entries <- c(
  entry("ns(x)", ns(x)),
  entry("ns(x, df=1)", ns(x, df = 1)),
  entry("ns(x, df=3)", ns(x, df = 3)),
  entry("ns(x, 5)", ns(x, 5)),
  entry("ns(x, df=4, intercept=TRUE)", ns(x, df = 4, intercept = TRUE)),
  entry("ns(x, knots=c(4, 10))", ns(x, knots = c(4, 10))),
  entry("ns(x, df=3, Boundary.knots=c(2, 30))", ns(x, df = 3, Boundary.knots = c(2, 30))),
  entry("poly(x, 3)", poly(x, 3))
)
cat(sprintf('{\n  "r": "%s",\n  "x": %s,\n  "new_x": %s,\n%s\n}\n',
            R.version.string, numbers(x), numbers(new), paste(entries, collapse = ",\n")))
