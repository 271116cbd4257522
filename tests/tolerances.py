"""How close is close enough, and why; tests name a tolerance instead of a number.

Two regimes. At an optimum, two optimisers agree as far as the other one went: the criterion is quadratic
there, so stopping 1e-10 short of it leaves 1e-5 in the parameters. At the same parameters only rounding is
left.
"""

# At the optima of two optimisers.
CRITERION_ABOVE = 1e-6  # deviance units by which ours may be above another's; below is not a fault
BETA = 1e-5  # of the coefficient's standard error: changes no printed digit
VCOV = 1e-5  # of the product of two standard errors
SIGMA = 1e-5  # relative
SD = 1e-4  # relative; variance components are the least determined part of a fit
CORRELATION = 1e-4  # absolute
MODE = 1e-4  # random effects, of the standard deviation of their term
DF = 1e-4  # relative; degrees of freedom are functions of the variance components
CONDITIONAL = 1e-4  # conditional covariances, of the product of two standard deviations of the term

# At the same parameters: both sides solve one least-squares problem in double precision, and others store
# fifteen digits. The largest problem has 73421 rows and 4100 random effects.
SAME_THETA = 1e-9
SAME_CRITERION = 1e-10  # relative to the size of the criterion

# Tables of analysis of variance: F and degrees of freedom are smooth in theta, about as well determined as it is.
ANOVA = 1e-5  # relative, at the optima of two optimisers
ANOVA_SAME_THETA = 1e-6  # relative; lmerTest rounds the contrasts of type III to seven decimals
ANOVA_ROWS = 1e-4  # relative, where Satterthwaite's degrees of freedom depend on the contrasts that R used
CLASSICAL = 1e-9  # relative: sums of squares of linear models
RATIO_P_VALUE = 1e-4  # relative: the tail of χ² at 300 multiplies the error of the ratio

# lmerTest differentiates the criterion numerically twice; what that leaves in the degrees of freedom.
NUMERICAL_DERIVATIVES = 1e-5
