"""What a fit says about rows: residuals, predictions, simulated responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast, get_args, overload

import numpy as np

from lmm.arguments import a_seed, one_of, takes
from lmm.engine import Block
from lmm.model.estimates import Estimates
from lmm.model.predictions import draws as simulation
from lmm.model.predictions import points as prediction
from lmm.model.predictions.residuals import residuals_of
from lmm.model.predictions.selection import Selection
from lmm.table import Table
from lmm.typing import FloatMatrix, FloatVector, Interval, NewLevels, ResidualKind

if TYPE_CHECKING:
    from lmm.inference import Effects
    from lmm.model.result import Fit


class Predictions(Estimates):
    """The part of a fit that speaks of rows, those of the fit and new ones."""

    __slots__ = ()

    @takes(kind=one_of(*get_args(ResidualKind)))
    def residuals(self, kind: ResidualKind = "response") -> FloatVector:
        """Compute residuals (n,) of one of several kinds.

        Parameters
        ----------
        kind
            ``"response"`` (or ``"conditional"``): y minus fitted; ``"marginal"``: y minus the fixed part, random
            effects left in. ``"pearson"``: response times the root of the weights; ``"scaled"``: Pearson
            over sigma; ``"studentized"``: scaled over the root of one minus leverage. ``"quantile"``:
            the probability of a smaller response under the model, uniform where the model holds.

        Raises
        ------
        LmmError
            If there is no such kind.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
        >>> fit.residuals("scaled")[:2].round(3)
        array([ 0.709, -1.412])
        """
        if kind == "studentized":
            from lmm.inference import studentized

            return studentized(cast("Fit", self))
        return residuals_of(self, kind)

    @overload
    def predict(self, new: Any = ..., *, interval: None = ..., **options: Any) -> FloatVector: ...
    @overload
    def predict(self, new: Any = ..., *, interval: Interval, **options: Any) -> Table: ...
    @takes()
    def predict(
        self,
        new: Any = None,
        *,
        interval: Interval | None = None,
        random: Selection = True,
        new_levels: NewLevels = "error",
        offset: Any = None,
        blocks: Mapping[str, Block] | None = None,
        **options: Any,
    ) -> FloatVector | Table:
        """Predict the response: by point, or with intervals.

        Parameters
        ----------
        new
            A table with the columns of the right side; None for the rows of the fit.
        random
            Which random effects take part: all, none (False), or groups and bars by name.
        new_levels
            What levels do that the model has not seen: raise an error; count with random effects of zero
            (``"population"``); or the same with the variance that their effects have (``"sample"``). A missing level is
            a new one too, another for each row; where new ones raise an error, its row is missing.
        interval
            None, ``"confidence"`` (of the mean given what takes part) or ``"prediction"`` (of a new
            observation); see `lmm.predict_intervals`.
        offset
            Array for the new rows, where the fit had an array as ``offset=``.
        blocks
            The user's blocks for the new rows, by name, where they take part.
        **options
            ``level, df, vcov, weights`` of `lmm.predict_intervals`.

        Returns
        -------
        shape (n,), or Table
            One for each row; missing where a value is missing, and where aliased columns make the
            prediction depend on what cannot be estimated. With intervals a table ``estimate, std_error, df,
            conf_low, conf_high``.

        Raises
        ------
        LmmError
            If a column is missing, a level is new, or a name belongs to no random term.

        Warns
        -----
        LmmWarning
            If rows cannot be estimated; the note of a table says so with intervals.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Reaction ~ Days + (Days | Subject)", lmm.datasets.load("sleepstudy"))
        >>> fit.predict({"Days": [0, 10], "Subject": ["308", "308"]}).round(2)
        array([253.66, 450.33])
        >>> fit.predict({"Days": [0, 10]}, random=False, interval="confidence")["std_error"].round(2)
        array([ 6.82, 16.02])
        """
        if interval is None:
            prediction.refuse_options(options)
            return prediction.predict(self, new, random, new_levels, offset, blocks)
        from lmm.inference import predict_intervals

        where = {"random": random, "new_levels": new_levels, "offset": offset, "blocks": blocks}
        return predict_intervals(cast("Fit", self), new, interval=interval, **where, **options)

    @takes(seed=a_seed)
    def simulate(
        self,
        n: int = 1,
        new: Any = None,
        *,
        random: Literal["new", "fitted"] = "new",
        new_levels: NewLevels = "error",
        weights: Any = None,
        offset: Any = None,
        blocks: Mapping[str, Block] | None = None,
        seed: int | np.random.Generator | None = None,
    ) -> FloatMatrix:
        """Draw responses from the fitted model, its parameters taken as true.

        Parameters
        ----------
        n
            How many.
        new
            A table with the columns of the right side; None for the rows of the fit.
        random
            ``"new"`` draws new random effects for all levels, ``"fitted"`` keeps those of the fit.
        new_levels
            With ``random="fitted"``, what levels do that the model has not seen: raise an error, have effects of
            zero (``"population"``), or effects that are drawn (``"sample"``). A missing level is a new one, another for
            each row.
        weights
            Of new rows: a column, an array, or one number; by default the column that the fit used.
        offset, blocks
            For new rows, as in `predict`.
        seed
            For `numpy.random.default_rng`.

        Returns
        -------
        shape (n_obs, n), or (rows of the new table, n)
            Missing where a value of the row is missing, and where it cannot be estimated.

        Raises
        ------
        LmmError
            As in `predict`.

        Warns
        -----
        LmmWarning
            As in `predict`.

        Examples
        --------
        >>> import lmm
        >>> fit = lmm.fit("Yield ~ 1 + (1 | Batch)", lmm.datasets.load("Dyestuff"))
        >>> fit.simulate(100, seed=1).shape, fit.simulate(2, {"Batch": ["A", "new", "new"]}, seed=1).shape
        ((30, 100), (3, 2))
        """
        return simulation.simulate(self, n, new, random, new_levels, weights, offset, blocks, seed)

    # Of the rooms above; these imports are among the exceptions that the import law names

    @takes()
    def influence(self, by: str = "row") -> Table:
        """Measure what rows, or the rows of each level, do to the fixed effects; see `lmm.influence`."""
        from lmm.inference import influence

        return influence(cast("Fit", self), by)

    @takes()
    def tidy(self, effects: Effects | Sequence[Effects] = ("fixed", "ran_pars"), **options: Any) -> Table:
        """Tabulate estimates, one row each; see `lmm.tidy`."""
        from lmm.inference import tidy

        return tidy(cast("Fit", self), effects, **options)

    @takes()
    def glance(self) -> Table:
        """Sum the fit up in one row; see `lmm.glance`."""
        from lmm.inference import glance

        return glance(cast("Fit", self))

    @takes()
    def augment(self, data: Any = None) -> Table:
        """Put fitted values, residuals and measures of influence beside the data; see `lmm.augment`."""
        from lmm.inference import augment

        return augment(cast("Fit", self), data)
