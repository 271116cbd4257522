# Strata tables of aov(), and sums of squares of types II and III where everything is fixed.
#
#     python ../lme4/export_csv.py        # data_csv/ with the data sets of the package
#     Rscript make_aov.R values.json
suppressMessages({library(jsonlite); library(car); library(nlme)})
load_set <- function(name) {
  d <- read.csv(file.path("data_csv", paste0(name, ".csv")), check.names = FALSE)
  levels_file <- file.path("data_csv", paste0(name, ".levels.json"))
  if (file.exists(levels_file)) {
    known <- fromJSON(levels_file)
    for (n in names(known)) d[[n]] <- factor(as.character(d[[n]]), levels = known[[n]]$levels)
  }
  for (n in names(d)) if (is.character(d[[n]])) d[[n]] <- factor(d[[n]])
  d
}
as_factors <- function(d, names) { for (n in names) d[[n]] <- factor(d[[n]], ordered = FALSE); d }
rows <- function(x) { x <- as.data.frame(x); x$row <- trimws(rownames(x)); rownames(x) <- NULL; x }
plain <- function(d) { d <- as.data.frame(d); for (n in names(d)) if (is.factor(d[[n]])) d[[n]] <- as.character(d[[n]]); d }
res <- list()
strata <- function(id, data, f, d, formula, keep = FALSE) {
  s <- lapply(summary(aov(f, d)), function(x) rows(unclass(x)[[1]]))
  names(s) <- sub("^Error: ", "", names(s))
  res[[length(res) + 1]] <<- c(
    list(id = id, data = data, model = paste(deparse(f), collapse = ""), formula = formula, strata = s),
    if (keep) list(rows = plain(d)) else NULL)
}
O <- as_factors(load_set("Oats"), "nitro")
strata("oats", "Oats", yield ~ Variety * nitro + Error(Block/Variety), O,
       "yield ~ Variety * C(nitro) + (1 | Block/Variety)")
P <- as_factors(load_set("pigs_grcbd"), c("Day", "Room", "Pen", "Trt"))
strata("pigs_room", "pigs_grcbd", F.Dry.matter ~ Day * Trt + Error(Room), P, "F.Dry.matter ~ C(Day) * Trt + (1 | Room)")
strata("pigs_split", "pigs_grcbd", F.Dry.matter ~ Trt * Day + Error(Pen), P, "F.Dry.matter ~ Trt * C(Day) + (1 | Pen)")
strata("cake", "cake", angle ~ recipe * temperature + Error(replicate/recipe), load_set("cake"),
       "angle ~ recipe * temperature + (1 | replicate/recipe)")
strata("penicillin", "Penicillin", diameter ~ 1 + Error(plate + sample), load_set("Penicillin"),
       "diameter ~ 1 + (1 | plate) + (1 | sample)")
strata("npk", "R package datasets, npk", yield ~ N * P * K + Error(block), npk, "yield ~ N * P * K + (1 | block)", TRUE)
strata("machines", "R package nlme, Machines", score ~ Machine + Error(Worker/Machine), as_factors(Machines, "Worker"),
       "score ~ Machine + (1 | Worker/Machine)", TRUE)
strata("alfalfa", "R package nlme, Alfalfa", Yield ~ Variety * Date + Error(Block/Variety), Alfalfa,
       "Yield ~ Variety * Date + (1 | Block/Variety)", TRUE)
# Unbalanced: every fifth row but one left out, Block and Block:Variety as fixed effects.
dropped <- c(5, 10, 15, 25, 30, 40, 45, 55, 60, 70)
U <- O[-dropped, ]
U$Block <- factor(U$Block, ordered = FALSE)
for (n in c("Block", "Variety", "nitro")) contrasts(U[[n]]) <- "contr.sum"
m <- lm(yield ~ Variety * nitro + Block + Block:Variety, U)
types <- list(I = rows(anova(m)), II = rows(Anova(m, type = 2)), III = rows(Anova(m, type = 3)))
versions <- list(R = R.version.string, car = as.character(packageVersion("car")), nlme = as.character(packageVersion("nlme")))
out <- list(versions = versions, strata = res,
            types = list(data = "Oats", formula = "yield ~ Variety * C(nitro) + (1 | Block/Variety)",
                         dropped = dropped - 1, tables = types))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, null = "null", na = "null", dataframe = "rows"), commandArgs(TRUE)[1])
