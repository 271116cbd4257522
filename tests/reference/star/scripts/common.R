## Shared by all scripts. Run each from the folder above: Rscript scripts/o04_mcycle_smooths.R
suppressPackageStartupMessages({library(mgcv); library(jsonlite)})
TIGHT <- gam.control(epsilon = 1e-11, newton = list(conv.tol = 1e-10, maxNstep = 5, maxSstep = 2, maxHalf = 30, use.svd = FALSE))
wcsv <- function(d, f) { num <- sapply(d, is.double)
  for (j in which(num)) d[[j]] <- formatC(d[[j]], digits = 17, width = 1, format = "g")
  write.csv(d, file.path("data", f), row.names = FALSE, quote = FALSE) }
save_ref <- function(x, name) {
  x$.meta <- list(case = name, R = R.version.string,
                  versions = as.list(sapply(intersect(c("mgcv","gamm4","lme4","nlme","MASS","Matrix","mboost"), loadedNamespaces()),
                                    function(p) as.character(packageVersion(p)))))
  writeLines(toJSON(x, digits = NA, auto_unbox = TRUE, null = "null", na = "null", matrix = "rowmajor", pretty = 1),
             file.path("ref", paste0(name, ".json")))
  cat(name, "written\n") }
L <- function(x) as.list(x)                      # named vector -> JSON object
rows <- function(d) d                            # data.frame -> array of row objects (jsonlite default)

## --- basis: raw (before scaling / constraint) and absorbed -----------------------------------------
## `pts` : data frame of evaluation points. Returned X_raw are rows of the *unconstrained* basis at pts.
basis_ref <- function(spec, data, pts, knots = NULL, absorb = TRUE) {
  s0 <- smoothCon(spec, data, knots, absorb.cons = FALSE, scale.penalty = FALSE)[[1]]
  r <- list(class = class(s0)[1], dim = ncol(s0$X), rank = s0$rank, null_space_dim = s0$null.space.dim,
            X_raw = unname(PredictMat(s0, pts)), S_raw = lapply(s0$S, unname),
            C = if (is.matrix(s0$C)) unname(s0$C) else s0$C)
  kn <- if (!is.null(s0$xp)) unname(s0$xp) else if (!is.null(s0$knots) && is.numeric(s0$knots)) unname(s0$knots) else if (!is.null(s0$knt)) unname(s0$knt)
  if (!is.null(kn)) r$knots <- kn
  if (!is.null(s0$shift)) r$shift <- unname(s0$shift)
  if (!is.null(s0$gp.defn)) r$gp_defn <- s0$gp.defn
  if (absorb) {
    s1 <- smoothCon(spec, data, knots, absorb.cons = TRUE, scale.penalty = TRUE)[[1]]
    X1 <- PredictMat(s1, pts)
    r$S_scale <- s1$S.scale; r$dim_absorbed <- ncol(s1$X); r$rank_absorbed <- s1$rank; r$null_space_dim_absorbed <- s1$null.space.dim
    r$X_absorbed <- unname(as.matrix(X1)); r$S_absorbed <- lapply(s1$S, unname)
    ## parametrisation-free summaries: G = X (sum_j S_j + 1e-3 X'X/n)^-1 X'  at pts
    if (inherits(s1, "t2.smooth") && is.matrix(s0$C) && nrow(s0$C)) { ## t2: mgcv predicts in another (equivalent) parametrisation; use the fitting one here
      Z <- qr.Q(qr(t(s0$C)), complete = TRUE)[, -1]; Xd <- s0$X %*% Z; Xg <- PredictMat(s0, pts) %*% Z; SS <- Reduce(`+`, Map(function(S, c) t(Z) %*% S %*% Z / c, s0$S, s1$S.scale))
    } else { Xd <- s1$X; Xg <- X1; SS <- Reduce(`+`, s1$S) }
    P <- SS + 1e-3 * crossprod(Xd) / nrow(Xd)
    r$G_invariant <- unname(Xg %*% solve(P, t(Xg)))
  }
  r }

## --- full description of a gam() fit ---------------------------------------------------------------
gam_ref <- function(b, newdata, call = NULL, coef = TRUE, vp = FALSE, sptest = TRUE) {
  s <- summary(b, re.test = sptest)
  sm <- lapply(b$smooth, function(z) { i <- z$first.para:z$last.para
    fsn <- NULL   ## fs terms: each null-space function has its own penalty; LAPACK picks the basis. Recorded as value = a + c*x (exact for second order penalties)
    if (inherits(z, "fs.interaction") && !is.null(z$Xb)) { xx <- b$model[[z$base$term[1]]]; Nn <- z$Xb[, (z$base$rank + 1):ncol(z$Xb), drop = FALSE]
      fsn <- lapply(seq_len(ncol(Nn)), function(j) { f <- lm(Nn[, j] ~ xx); list(a = unname(coef(f)[1]), c = unname(coef(f)[2]), max_dev = max(abs(resid(f)))) }) }
    list(fs_null_functions = fsn, label = z$label, n_coef = length(i), edf = sum(b$edf[i]),
         edf1 = if (is.null(b$edf1)) NULL else sum(b$edf1[i]), rank = z$rank, null_space_dim = z$null.space.dim, S_scale = z$S.scale) })
  st <- NULL
  if (!is.null(s$s.table) && nrow(s$s.table)) st <- lapply(seq_len(nrow(s$s.table)), function(i) c(list(label = rownames(s$s.table)[i]), L(s$s.table[i, ])))
  pt <- NULL
  if (!is.null(s$p.table) && nrow(s$p.table)) pt <- lapply(seq_len(nrow(s$p.table)), function(i) c(list(term = rownames(s$p.table)[i]), L(s$p.table[i, ])))
  pr <- predict(b, newdata, se.fit = TRUE); tm <- predict(b, newdata, type = "terms", se.fit = TRUE)
  it <- try(predict(b, newdata, type = "iterms", se.fit = TRUE), silent = TRUE)
  un <- if (is.null(b$Vc)) NULL else as.numeric(predict(b, newdata, se.fit = TRUE, unconditional = TRUE)$se.fit)
  vc <- NULL
  if (length(b$sp)) { sc <- if (!is.null(b$reml.scale) && is.finite(b$reml.scale)) b$reml.scale else b$sig2
    capture.output(g <- try(gam.vcomp(b), silent = TRUE))
    if (!inherits(g, "try-error")) vc <- if (is.matrix(g)) lapply(seq_len(nrow(g)), function(i) c(list(term = rownames(g)[i]), L(g[i, ])))
                                        else if (is.list(g)) list(all = L(g$all)) else L(g) }
  out <- list(call = call, method = b$method, n = nrow(b$model), score = as.numeric(b$gcv.ubre),
    sp = L(b$sp), full_sp = if (is.null(b$full.sp)) NULL else L(b$full.sp),
    sig2 = b$sig2, reml_scale = if (is.null(b$reml.scale) || !is.finite(b$reml.scale)) NULL else b$reml.scale,
    edf_total = sum(b$edf), edf1_total = if (is.null(b$edf1)) NULL else sum(b$edf1), edf2_total = if (is.null(b$edf2)) NULL else sum(b$edf2),
    residual_df = b$df.residual, smooths = sm, smooth_table = st, parametric_table = pt,
    pTerms = if (is.null(s$pTerms.table)) NULL else lapply(seq_len(nrow(s$pTerms.table)), function(i) c(list(term = rownames(s$pTerms.table)[i]), L(s$pTerms.table[i, ]))),
    variance_components_sd = vc,
    logLik = as.numeric(logLik(b)), logLik_df = attr(logLik(b), "df"), AIC = AIC(b), BIC = BIC(b),
    deviance = b$deviance, null_deviance = b$null.deviance, r_sq = s$r.sq, dev_expl = s$dev.expl,
    newdata = newdata, fit = as.numeric(pr$fit), se = as.numeric(pr$se.fit), se_unconditional = un,
    terms = as.data.frame(tm$fit), terms_se = as.data.frame(tm$se.fit),
    iterms_se = if (inherits(it, "try-error")) NULL else as.data.frame(it$se.fit),
    constant = attr(tm, "constant"))
  if (coef) out$coef_parametrisation_dependent <- L(coef(b))
  if (vp) out$Vp_parametrisation_dependent <- unname(b$Vp)
  Filter(Negate(is.null), out) }

## --- description of a gamm4 fit --------------------------------------------------------------------
gamm4_ref <- function(m, newdata, call = NULL) {
  vc <- as.data.frame(lme4::VarCorr(m$mer)); b <- m$gam
  pr <- predict(b, newdata, se.fit = TRUE); tm <- predict(b, newdata, type = "terms", se.fit = TRUE)
  s <- summary(b)
  list(call = call, REML = lme4::isREML(m$mer), REMLcrit_or_dev = if (lme4::isREML(m$mer)) lme4::REMLcrit(m$mer) else as.numeric(deviance(m$mer)),
       logLik_mer = as.numeric(logLik(m$mer)), df_mer = attr(logLik(m$mer), "df"), AIC_mer = AIC(m$mer),
       varcorr = lapply(seq_len(nrow(vc)), function(i) list(grp = vc$grp[i], var1 = vc$var1[i], var2 = vc$var2[i], vcov = vc$vcov[i], sdcor = vc$sdcor[i])),
       fixef = L(lme4::fixef(m$mer)), sp = L(b$sp), sig2 = b$sig2, edf_total = sum(b$edf),
       smooths = lapply(b$smooth, function(z) list(label = z$label, edf = sum(b$edf[z$first.para:z$last.para]))),
       smooth_table = lapply(seq_len(nrow(s$s.table)), function(i) c(list(label = rownames(s$s.table)[i]), L(s$s.table[i, ]))),
       newdata = newdata, fit = as.numeric(pr$fit), se = as.numeric(pr$se.fit), terms = as.data.frame(tm$fit), terms_se = as.data.frame(tm$se.fit)) }
