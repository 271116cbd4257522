## Raw columns and penalties of mgcv's Duchon splines, splines on the sphere, Gaussian processes and thin plates of
## two and three variables.  Run in tests/reference/star:  Rscript scripts/o17_surfaces.R
suppressPackageStartupMessages({library(mgcv); library(jsonlite)})
set.seed(5, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection"); n <- 70
d <- data.frame(lat = round(asin(runif(n, -1, 1)) * 180 / pi, 3), lon = round(runif(n, -180, 180), 3), x = round(runif(n), 4), z = round(runif(n), 4), t = round(runif(n), 4))
d <- rbind(d, d[1:5, ])                           # repeated rows
pts <- data.frame(lat = c(-80, -20.5, 0, 33, d$lat[3]), lon = c(170, -12, 0, 75.25, d$lon[3]), x = c(.1, .4, .55, 1.2, d$x[3]), z = c(.9, .2, .5, -.1, d$z[3]), t = c(.3, .8, .2, .5, d$t[3]))
one <- function(spec, knots = NULL) {
  s <- smoothCon(spec, d, knots, absorb.cons = FALSE, scale.penalty = FALSE)[[1]]
  sc <- smoothCon(spec, d, knots, absorb.cons = FALSE, scale.penalty = TRUE)[[1]]
  X <- unname(PredictMat(s, pts)); S <- s$S[[1]]      # signs of columns are conventional, so S is kept as X S X' and eigenvalues
  list(X = X, XSXt = unname(X %*% S %*% t(X)), eigenvalues = eigen(S, symmetric = TRUE, only.values = TRUE)$values, S_scale = sc$S.scale, rank = s$rank, null_space_dim = s$null.space.dim) }
R <- list(
  ds_x = one(s(x, bs = "ds", k = 12)), ds_x_z = one(s(x, z, bs = "ds", k = 20)), ds_x_z_1_half = one(s(x, z, bs = "ds", k = 20, m = c(1, .5))),
  ds_x_z_3_minus_half = one(s(x, z, bs = "ds", k = 25, m = c(3, -.5))), ds_x_z_t = one(s(x, z, t, bs = "ds", k = 30, m = c(2, .5))), ds_full = one(s(x, z, bs = "ds", k = 70, m = c(1, .5))),
  sos_0 = one(s(lat, lon, bs = "sos", k = 30)), sos_1 = one(s(lat, lon, bs = "sos", k = 30, m = 1)), sos_2 = one(s(lat, lon, bs = "sos", k = 30, m = 2)), sos_3 = one(s(lat, lon, bs = "sos", k = 20, m = 3)),
  sos_4 = one(s(lat, lon, bs = "sos", k = 20, m = 4)), sos_minus_1 = one(s(lat, lon, bs = "sos", k = 30, m = -1)), sos_minus_2 = one(s(lat, lon, bs = "sos", k = 30, m = -2)), sos_knots = one(s(lat, lon, bs = "sos", k = 30), list(lat = d$lat[1:30], lon = d$lon[1:30])),
  gp_x_z = one(s(x, z, bs = "gp", k = 25, m = c(4, .4))), gp_x_z_t = one(s(x, z, t, bs = "gp", k = 40)), gp_stationary = one(s(x, z, bs = "gp", k = 25, m = c(-2, .3, 1.2))), gp_knots = one(s(x, z, bs = "gp", k = 18, m = c(3, .4)), list(x = d$x[1:15], z = d$z[1:15])),
  tp_x_z = one(s(x, z, k = 25)), tp_x_z_3 = one(s(x, z, k = 25, m = 3)), tp_x_z_t = one(s(x, z, t, k = 40)), tp_x_z_t_2 = one(s(x, z, t, k = 30, m = 2)), tp_full = one(s(x, z, k = 70)), ts_x_z = one(s(x, z, bs = "ts", k = 25)),
  tp_no_null = one(s(x, z, k = 20, m = c(2, 0))), tp_knots = one(s(x, z, k = 10), list(x = d$x[1:15], z = d$z[1:15])))
writeLines(toJSON(list(origin = paste("mgcv", packageVersion("mgcv"), R.version.string), data = d, points = pts, bases = R), digits = NA, dataframe = "columns", matrix = "rowmajor", auto_unbox = TRUE), "ref/o17_surfaces.json")
