//! What the covariances of random effects may be: families with a few parameters, and the coordinates in which they are searched.
//!
//! A search over all matrices of a cone needs no coordinates (`search/`). Structures with few parameters, ties between variances,
//! and parameters that are held need them: a chart says what S is at η, how it moves there, and how that bends.
//!
//! | file | holds |
//! |---|---|
//! | `terms` | the chart of a model: the families of its terms, and which parameters move |
//! | `chart` | what a search asks of coordinates |
//! | `entries` | entries of T themselves: all of them, those of a diagonal, or those that are not held |
//! | `tied` | diagonal penalties: many variances with few parameters |
//! | `penalized` | dense penalties: the inverse of their sum |
//! | `scaled` | standard deviations around a correlation matrix |
//! | `correlation` | compound symmetry and autoregression |
//! | `family` | what a family says of its S |
//! | `axis` | the coordinate of one parameter |

pub mod axis;
pub mod chart;
pub mod correlation;
pub mod entries;
pub mod family;
pub mod penalized;
pub mod scaled;
pub mod terms;
pub mod tied;
