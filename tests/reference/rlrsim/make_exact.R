## Exact tests of one variance by RLRsim: statistics and p-values of 200,000 draws.
## Run from this folder: Rscript make_exact.R
suppressPackageStartupMessages({library(lme4); library(gamm4); library(RLRsim); library(jsonlite)})
NSIM <- 2e5
star <- function(name) read.csv(file.path("..", "star", "data", paste0(name, ".csv")))
one <- function(test, case, m = NULL, ...) c(list(case = case, statistic = unname(test$statistic), p_value = test$p.value),
  if (is.null(m)) NULL else list(p_value_whole = whole(m, test$statistic, ...)))
## RLRsim climbs from zero to the first maximum; some draws have a higher one farther away. Their law over the whole grid:
whole <- function(m, statistic, reml, left_out = 0) {
  d <- RLRsim:::extract.lmerModDesign(m); n <- nrow(d$X); p <- ncol(d$X); Z <- d$Z %*% t(chol(cov2cor(d$Vr)))
  mu <- svd(qr.resid(qr(d$X), Z), nu = 0, nv = 0)$d^2; xi <- if (reml) mu else svd(Z, nu = 0, nv = 0)$d^2; m <- if (reml) n - p else n
  mu <- mu[mu > 1e-10 * max(mu)]
  set.seed(2); N <- NSIM; W <- matrix(rchisq(N * length(mu), 1), N); rest <- rchisq(N, n - p - length(mu)); total <- rowSums(W) + rest
  best <- rep(0, N)
  for (l in exp(seq(-10, 12, length = 250)) / max(mu)) best <- pmax(best, m * log(total / (rest + W %*% (1 / (1 + l * mu)))) - sum(log1p(l * xi)))
  if (left_out) best <- best + m * log1p(rchisq(N, left_out) / total)
  mean(best >= statistic) }
tight <- lmerControl(optCtrl = list(ftol_abs = 1e-12, xtol_abs = 1e-12))
smooth <- function(formula, data, reml) gamm4(formula, data = data, REML = reml, control = tight)$mer
cases <- list()

## One variance beside the residuals.
m <- lmer(Yield ~ 1 + (1 | Batch), Dyestuff, control = tight)
cases$dyestuff_reml <- one(exactRLRT(m, seed = 1, nsim = NSIM), "Dyestuff (1 | Batch), REML", m, TRUE)
m <- lmer(Yield ~ 1 + (1 | Batch), Dyestuff, REML = FALSE, control = tight)
cases$dyestuff_ml <- one(exactLRT(m, lm(Yield ~ 1, Dyestuff), seed = 1, nsim = NSIM), "Dyestuff (1 | Batch), ML", m, FALSE)
S <- star("sleepstudy"); S$Subject <- factor(S$Subject)

## A curve against its straight line, and against a constant.
for (x in c("x0", "x1")) {
  g <- star("gamsim1")[if (x == "x0") 1:120 else 61:120, ]
  f <- as.formula(sprintf("y ~ s(%s, bs = 'cr', k = 12)", x))
  cases[[paste0(x, "_reml")]] <- one(exactRLRT(smooth(f, g, TRUE), seed = 1, nsim = NSIM), paste(x, "against its line, REML"), smooth(f, g, TRUE), TRUE)
  cases[[paste0(x, "_line_ml")]] <- one(exactLRT(smooth(f, g, FALSE), lm(reformulate(x, "y"), g), seed = 1, nsim = NSIM), paste(x, "against its line, ML"), smooth(f, g, FALSE), FALSE)
  cases[[paste0(x, "_none_ml")]] <- one(exactLRT(smooth(f, g, FALSE), lm(y ~ 1, g), seed = 1, nsim = NSIM), paste(x, "against a constant, ML"), smooth(f, g, FALSE), FALSE, 1)
}

## One variance beside another, which RLRsim holds by its predictions.
keep <- S$Subject %in% levels(S$Subject)[c(1, 3, 4, 7, 8, 14)] & S$Days < 4
K <- droplevels(S[keep, ])
mA <- lmer(Reaction ~ Days + (1 | Subject) + (0 + Days | Subject), K, control = tight)
m0 <- lmer(Reaction ~ Days + (1 | Subject), K, control = tight)
m <- lmer(Reaction ~ Days + (0 + Days | Subject), K, control = tight)
cases$slope_beside_intercept <- one(exactRLRT(m, mA, m0, seed = 1, nsim = NSIM), "slopes beside intercepts, REML")
m0 <- lmer(Reaction ~ Days + (0 + Days | Subject), K, control = tight)
m <- lmer(Reaction ~ Days + (1 | Subject), K, control = tight)
cases$intercept_beside_slope <- one(exactRLRT(m, mA, m0, seed = 1, nsim = NSIM), "intercepts beside slopes, REML")

meta <- list(R = R.version.string, n_draws = NSIM, versions = as.list(sapply(c("RLRsim", "lme4", "gamm4", "mgcv"), function(p) as.character(packageVersion(p)))))
writeLines(toJSON(list(.meta = meta, cases = cases), digits = NA, auto_unbox = TRUE, pretty = 1), "exact.json")
