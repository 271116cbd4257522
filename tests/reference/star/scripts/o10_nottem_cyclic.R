## Cyclic smooths: Nottingham monthly air temperature (datasets::nottem, 1920-1939)
source("scripts/common.R"); d <- data.frame(temp = as.numeric(nottem), month = as.integer(cycle(nottem)), year = floor(as.numeric(time(nottem)) + 1e-8)); d$yearf <- factor(d$year); wcsv(d, "nottem.csv")
nd <- data.frame(month = c(1, 3.5, 7, 12, 12.5, .5), year = 1930, yearf = factor(1930, levels = levels(d$yearf))); kn <- list(month = c(.5, 12.5))
fit <- function(rhs) gam_ref(gam(as.formula(paste("temp ~", rhs)), data = d, knots = kn, method = "REML", control = TIGHT), nd, paste0("gam(temp ~ ", rhs, ", knots=list(month=c(.5,12.5)), method='REML')"), coef = FALSE)
R <- list(cc = fit("s(month, bs = 'cc', k = 8)"), cp = fit("s(month, bs = 'cp', k = 8)"), cc_year = fit("s(month, bs = 'cc', k = 10) + s(year, k = 8)"), cc_year_re = fit("s(month, bs = 'cc', k = 10) + s(yearf, bs = 're')"), te_cc = fit("te(month, year, bs = c('cc','cr'), k = c(6, 5))"),
  cc_default_knots = gam_ref(gam(temp ~ s(month, bs = "cc", k = 8), data = d, method = "REML", control = TIGHT), nd, "no knots= : period becomes max(x)-min(x)=11 (December == January): the classic user error", coef = FALSE))
save_ref(list(title = "cyclic", data = "data/nottem.csv", fits = R), "o10_nottem_cyclic")
