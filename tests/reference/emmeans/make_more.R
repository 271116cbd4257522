# More of what emmeans does. usage: Rscript make_more.R more.json (run where data_csv/ is; see ../lme4/export_csv.py)
suppressMessages({library(lme4); library(lmerTest); library(emmeans); library(multcomp); library(jsonlite)})
options(contrasts = c("contr.treatment", "contr.treatment"), warn = 1)
emm_options(lmer.df = "kenward-roger", msg.interaction = FALSE, msg.nesting = FALSE)
load_data <- function(name) {
  d <- read.csv(file.path("data_csv", paste0(name, ".csv")), check.names = FALSE, stringsAsFactors = FALSE)
  lf <- file.path("data_csv", paste0(name, ".levels.json"))
  if (file.exists(lf)) { L <- fromJSON(lf, simplifyVector = TRUE); for (n in names(L)) d[[n]] <- factor(as.character(d[[n]]), levels = L[[n]]$levels) }
  d
}
tab <- function(x, ...) { set.seed(1); x <- as.data.frame(summary(x, infer = c(TRUE, TRUE), ...)); attr(x, "mesg") <- NULL; x }
plain <- function(x, ...) { set.seed(1); as.data.frame(summary(x, ...)) }
letters_of <- function(em, alpha, ...) { d <- as.data.frame(cld(em, Letters = letters, alpha = alpha, sort = FALSE, ...)); d$.group <- trimws(d$.group); d }
out <- list()
W <- load_data("warpbreaks")
W$z <- ((seq_len(54) * 7) %% 11) / 4; W$off <- 10 * W$z + 3; W$w <- rep(c(1, 2, 0.5), 18); W$g <- factor(rep(1:9, 6))
m <- lm(breaks ~ wool * tension, W)
# offsets
out$offset_formula <- tab(emmeans(lm(breaks ~ wool + offset(off), W), ~wool))
out$offset_argument <- tab(emmeans(lm(breaks ~ wool + z, W, offset = off), ~wool))
# weights of rows, and of levels when some rows are missing
V <- W[-(1:5), ]; mw <- lm(breaks ~ wool + tension, V, weights = w)
for (s in c("equal", "proportional", "outer", "cells", "flat")) {
  out[[paste0("prior_weights_", s)]] <- tab(emmeans(mw, ~wool, weights = s))
  out[[paste0("some_levels_", s)]] <- tab(emmeans(mw, ~wool, at = list(tension = c("H", "L")), weights = s))
}
# nesting with unequal numbers of levels
N <- data.frame(a = rep(c("x", "y"), c(4, 6)), b = rep(c("1", "2", "3", "4", "5"), each = 2), c = rep(c("1", "2"), 5), y = c(3.1, 2.9, 4.2, 4.4, 5.0, 5.3, 6.6, 6.1, 7.2, 7.9))
mn <- lm(y ~ a/b + c, N)
for (s in c("equal", "proportional", "outer", "cells")) out[[paste0("nested_", s)]] <- tab(emmeans(mn, ~c, weights = s))
out$nested_a <- tab(emmeans(mn, ~a)); out$nested_pairs <- tab(pairs(emmeans(mn, ~b)))
out$nested_joint <- as.data.frame(joint_tests(mn))
N2 <- data.frame(a = rep(c("x", "y"), c(6, 6)), b = rep(c("1", "2", "3"), each = 2, times = 2), y = c(3.1, 2.9, 4.2, 4.4, 5.0, 5.3, 6.6, 6.1, 7.2, 7.9, 8.3, 8.0))[-(1:2), ]
m2 <- lm(y ~ a/b, N2); out$nested_again_a <- tab(emmeans(m2, ~a)); out$nested_again_b <- tab(emmeans(m2, ~b))
out$nested_by_data_b <- tab(emmeans(lm(y ~ a + b, N), ~b)); out$nested_by_data_a <- tab(emmeans(lm(y ~ a * b, N), ~a))
# one-sided, with margins
p <- pairs(emmeans(m, ~tension)); e <- emmeans(m, ~tension | wool)
for (a in c("none", "sidak", "bonferroni", "holm", "mvt")) for (s in c("<", ">")) out[[paste0("side_", if (s == "<") "less" else "greater", "_", a)]] <- tab(p, side = s, adjust = a)
out$nonsuperiority <- as.data.frame(test(p, delta = 3, side = "nonsup", null = 1, adjust = "holm"))
out$noninferiority <- as.data.frame(test(p, delta = 3, side = "noninf", null = 1, adjust = "sidak"))
out$equivalence_tukey <- as.data.frame(test(p, delta = 3)) # becomes sidak
for (a in c("tukey", "scheffe", "sidak", "bonferroni", "mvt")) out[[paste0("means_", a)]] <- tab(emmeans(m, ~tension), adjust = a)
out$scheffe_groups <- tab(pairs(e), adjust = "scheffe")
# families, labels
em <- emmeans(m, ~wool * tension); et <- emmeans(m, ~tension)
out$labels_two_factors <- tab(contrast(em, "pairwise"))
out$labels_effects <- tab(contrast(em, "eff"), adjust = "none")
out$of_contrasts_pairwise <- tab(contrast(p, "pairwise"))
out$of_contrasts_consec <- tab(contrast(p, "consec"), adjust = "none")
out$of_contrasts_mean_chg <- tab(contrast(p, "mean_chg"), adjust = "none")
out$control_M <- tab(contrast(et, "trt.vs.ctrl", ref = 2), adjust = "none")
out$control_two <- tab(contrast(em, "trt.vs.ctrl", ref = c(2, 3)), adjust = "none")
out$reversed_consec <- tab(contrast(et, "consec", reverse = TRUE), adjust = "none")
out$excluded <- tab(contrast(em, "eff", exclude = 2), adjust = "none"); out$excluded_pairs <- tab(contrast(em, "pairwise", exclude = c(2, 3)))
W$n <- rep(c(0, 10, 20), 18); mf <- lm(breaks ~ factor(n) * wool, W)
out$numbers <- tab(pairs(emmeans(mf, ~n))); out$numbers_two <- tab(pairs(emmeans(mf, ~n * wool)))
out$interaction_control <- tab(contrast(emmeans(mf, ~n * wool), interaction = c("trt.vs.ctrl1", "pairwise")))
out$interaction_by <- tab(contrast(emmeans(mf, ~n | wool), interaction = "pairwise"))
# letters
P <- load_data("pigs_crd"); mp <- lm(F.Dry.matter ~ Day * Trt, P)
out$letters_cells <- letters_of(em, 0.05); out$letters_groups <- letters_of(e, 0.2)
out$letters_pigs <- letters_of(emmeans(mp, ~Trt), 0.05); out$letters_pigs_cells <- letters_of(emmeans(mp, ~Trt * Day), 0.3, adjust = "none")
# scales
for (r in c("sqrt(breaks)", "log(breaks + 1)", "log10(breaks)", "log2(breaks)")) {
  f <- lm(as.formula(paste(r, "~ wool + tension")), W); g <- emmeans(f, ~tension)
  out[[paste0("scale_", r)]] <- tab(g, type = "response"); out[[paste0("scale_regrid_", r)]] <- tab(regrid(g))
  out[[paste0("scale_bias_", r)]] <- tab(g, type = "response", bias.adjust = TRUE, sigma = sigma(f))
}
# covariates
W$u <- ((seq_len(54) * 5) %% 13) / 3; mc <- lm(breaks ~ wool * z + u * tension, W)
out$covariates_joint <- as.data.frame(joint_tests(mc))
out$covariates_joint_by <- as.data.frame(joint_tests(mc, by = "wool"))
out$covariates_averaged <- tab(emmeans(mc, ~wool, at = list(z = c(0, 2)), cov.reduce = median))
out$covariates_range <- tab(emmeans(lm(breaks ~ wool * z, W), ~z, cov.reduce = range))
# empty cells
E <- subset(W, !(wool == "B" & tension == "H")); me <- lm(breaks ~ wool * tension, E)
out$empty_bonferroni <- tab(pairs(emmeans(me, ~wool * tension)), adjust = "bonferroni")
out$empty_tukey <- tab(pairs(emmeans(me, ~wool * tension))); out$empty_flat <- tab(emmeans(me, ~wool, weights = "flat"))
out$empty_joint <- as.data.frame(joint_tests(me))
# a split plot without a cell
O <- load_data("Oats"); O$nitro <- factor(O$nitro); O <- O[!(O$Variety == "Victory" & O$nitro == "0.4"), ][-c(5, 18, 34), ]
lo <- lm(yield ~ Variety * nitro, O); out$split_joint_lm <- as.data.frame(joint_tests(lo))
mo <- lmer(yield ~ Variety * nitro + (1 | Block/Variety), O, control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.2, rhoend = 1e-10)))
out$split <- list(theta = I(unname(getME(mo, "theta"))), criterion = REMLcrit(mo))
out$split_joint <- as.data.frame(joint_tests(mo))
out$split_variety <- tab(emmeans(mo, ~Variety)); out$split_cells <- tab(emmeans(mo, ~Variety * nitro))
out$split_pairs <- tab(pairs(emmeans(mo, ~Variety * nitro)), adjust = "none"); out$split_by <- tab(pairs(emmeans(mo, ~nitro | Variety)), adjust = "holm")
# a mixed model with weights (which pbkrtest does not know), other degrees of freedom
ml <- lmer(breaks ~ wool * tension + (1 | g), W, weights = w, control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.2, rhoend = 1e-10)))
out$mixed <- list(theta = I(unname(getME(ml, "theta"))), criterion = REMLcrit(ml))
for (d in c("satterthwaite", "asymptotic")) {
  out[[paste0("mixed_", d)]] <- tab(emmeans(ml, ~tension | wool, lmer.df = d)); out[[paste0("mixed_pairs_", d)]] <- tab(pairs(emmeans(ml, ~tension | wool, lmer.df = d)))
}
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, null = "null", na = "null", dataframe = "rows", pretty = FALSE), commandArgs(TRUE)[1])
