## Wood (2006) section 3.2: cubic spline by reproducing kernel on [0,1], engine wear data, knots 1:7/8, lambda 1e-4
source("scripts/common.R")
size <- c(1.42,1.58,1.78,1.99,1.99,1.99,2.13,2.13,2.13,2.32,2.32,2.32,2.32,2.32,2.43,2.43,2.78,2.98,2.98)
wear <- c(4.0,4.2,2.5,2.6,2.8,2.4,3.2,2.4,2.6,4.8,2.9,3.8,3.0,2.7,3.1,3.3,3.0,2.8,1.7)
x <- size - min(size); x <- x / max(x)
wcsv(data.frame(size = size, wear = wear, x = x), "engine.csv")
rk <- function(x, z) ((z-.5)^2-1/12)*((x-.5)^2-1/12)/4 - ((abs(x-z)-.5)^4-(abs(x-z)-.5)^2/2+7/240)/24
spl.X <- function(x, xk) { q <- length(xk)+2; X <- matrix(1, length(x), q); X[,2] <- x; X[,3:q] <- outer(x, xk, FUN = rk); X }
spl.S <- function(xk) { q <- length(xk)+2; S <- matrix(0,q,q); S[3:q,3:q] <- outer(xk, xk, FUN = rk); S }
n <- length(x); xk <- 1:7/8; X <- spl.X(x, xk); S <- spl.S(xk); xp <- 0:20/20; Xp <- spl.X(xp, xk)
pen <- function(lam) { A <- crossprod(X) + lam*S; b <- solve(A, crossprod(X, wear)); H <- X %*% solve(A, t(X)); f <- drop(X %*% b)
  rss <- sum((wear-f)^2); tr <- sum(diag(H)); list(coef = drop(b), fitted = f, fit_grid = drop(Xp %*% b), trA = tr, trAA = sum(H*t(H)), rss = rss, gcv = n*rss/(n-tr)^2, sig2 = rss/(n-tr)) }
xk4 <- 1:4/5; X4 <- spl.X(x, xk4); m4 <- lm(wear ~ X4 - 1)                       # unpenalised regression spline of the text
lams <- 1e-8 * 1.5^(0:59); V <- sapply(lams, function(l) pen(l)$gcv)
og <- optimize(function(r) pen(exp(r))$gcv, log(c(1e-9, 1e2)), tol = 1e-12)
## mixed model form.  X_F = X U_0 , Z = X U_+ D_+^{-1/2}
e <- eigen(S, symmetric = TRUE); r <- length(xk); XF <- X %*% e$vectors[, (r+1):(r+2)]; Z <- X %*% e$vectors[,1:r] %*% diag(1/sqrt(e$values[1:r]))
crit <- function(rho, REML = TRUE, XF, Z, y) { n <- length(y); p <- ncol(XF); V <- diag(n) + exp(-rho)*tcrossprod(Z)  # V/sigma^2, variance ratio tau^2/sigma^2 = 1/lambda
  R <- chol(V); Xt <- backsolve(R, XF, transpose = TRUE); yt <- backsolve(R, y, transpose = TRUE); q <- qr(Xt); rss <- sum(qr.resid(q, yt)^2)
  ld <- 2*sum(log(diag(R))); nu <- if (REML) n-p else n
  v <- nu*log(2*pi*rss/nu) + nu + ld + if (REML) 2*sum(log(abs(diag(qr.R(q))))) else 0; attr(v, "s2") <- rss/nu; v }
## NOTE: XF from the eigenvectors is an orthogonal rotation of the columns (1, x) of X, so the log|XF' V^-1 XF| term equals the one for XF=(1,x)
## the criterion is flat for very large lambda: bracket the global minimum on a grid first
gr <- seq(-25, 15, by = .25); br <- function(REML) { v <- sapply(gr, crit, REML = REML, XF = cbind(1,x), Z = Z, y = wear); gr[which.min(v)] + c(-.5, .5) }
oR <- optimize(crit, br(TRUE), REML = TRUE, XF = cbind(1,x), Z = Z, y = wear, tol = 1e-10)
oM <- optimize(crit, br(FALSE), REML = FALSE, XF = cbind(1,x), Z = Z, y = wear, tol = 1e-10)
sR <- attr(crit(oR$minimum, TRUE, cbind(1,x), Z, wear), "s2"); sM <- attr(crit(oM$minimum, FALSE, cbind(1,x), Z, wear), "s2")
bR <- gam(wear ~ X - 1, paraPen = list(X = list(S)), method = "REML", control = TIGHT)   # the same by gam(): independent confirmation
bM <- gam(wear ~ X - 1, paraPen = list(X = list(S)), method = "ML", control = TIGHT)
cat("gam REML*2", 2*bR$gcv.ubre, "own", oR$objective, " sp", bR$sp, exp(oR$minimum), "\n"); cat("gam ML*2", 2*bM$gcv.ubre, "own", oM$objective, "\n")
pr <- function(b, lam, s2) { A <- crossprod(X)+lam*S; list(lambda = lam, sigma2 = s2, tau2 = s2/lam, sd_residual = sqrt(s2), sd_spline = sqrt(s2/lam), edf = sum(diag(solve(A, crossprod(X)))),
  coef = drop(solve(A, crossprod(X, wear))), fit_grid = drop(Xp %*% solve(A, crossprod(X, wear))), se_grid_bayes = sqrt(s2*rowSums((Xp %*% solve(A))*Xp)), se_grid_freq = sqrt(s2*rowSums((Xp %*% solve(A) %*% crossprod(X) %*% solve(A))*Xp))) }
save_ref(list(title = "rk cubic spline, engine wear, Wood (2006)", data = "data/engine.csv", knots = xk,
  rk_values = list(x = c(0,.1,.5,.77,1), z = c(0,.3,.5,.125,1), rk = rk(c(0,.1,.5,.77,1), c(0,.3,.5,.125,1))),
  X = X, S = S, sqrt_S_times_itself_error = max(abs({ R <- e$vectors %*% diag(sqrt(pmax(e$values,0))) %*% t(e$vectors); R %*% R } - S)),
  S_eigenvalues = e$values, grid = xp, X_grid = Xp,
  regression_knots4 = list(knots = xk4, coef = unname(coef(m4)), fitted = unname(fitted(m4)), fit_grid = drop(spl.X(xp, xk4) %*% coef(m4))),
  penalised_lambda_1e_4 = pen(1e-4), gcv_path = list(lambda = lams, gcv = V, argmin_lambda = lams[which.min(V)], argmin_index_1based = which.min(V)), at_gcv_path_minimum = pen(lams[which.min(V)]),
  gcv_optimum = c(list(lambda = exp(og$minimum)), pen(exp(og$minimum))),
  REML = c(list(minus2_logREML = as.numeric(oR$objective)), pr(bR, exp(oR$minimum), as.numeric(sR))),
  ML = c(list(minus2_logLik = as.numeric(oM$objective)), pr(bM, exp(oM$minimum), as.numeric(sM))),
  gam_paraPen_check = list(REML_score_times_2 = 2*as.numeric(bR$gcv.ubre), ML_score_times_2 = 2*as.numeric(bM$gcv.ubre), sp_REML = as.numeric(bR$sp), sp_ML = as.numeric(bM$sp)),
  mixed_form = list(Z_rowspace_invariant_ZZt = tcrossprod(Z), XF = "columns 1 and x")), "o01_engine_rk")
