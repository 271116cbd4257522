# Standard errors of curves beside random effects, with and without the uncertainty of smoothing parameters.
# Rscript tests/reference/star/scripts/o25_corrected_beside_bars.R > tests/reference/star/ref/o25_corrected_beside_bars.json
suppressMessages({library(mgcv); library(jsonlite)})
here <- "tests/reference/star/data/"
bars <- read.csv(paste0(here, "bars.csv")); bars$g <- factor(bars$g)
errors <- function(fit, new, term) {
  of <- function(unconditional) unname(predict(fit, new, type = "terms", se.fit = TRUE, unconditional = unconditional)$se.fit[, term])
  list(score = unname(fit$gcv.ubre), bayes = of(FALSE), corrected = of(TRUE))
}
fit <- gam(y ~ s(x, k = 10, bs = "cr") + s(g, bs = "re"), data = bars, method = "REML")
new <- data.frame(x = c(0.1, 0.3, 0.5, 0.9), g = bars$g[1])
cat(toJSON(c(list(mgcv = as.character(packageVersion("mgcv"))), errors(fit, new, "s(x)")), digits = NA, auto_unbox = TRUE, pretty = TRUE))
