//! What can go wrong below the border.

/// Errors of the core; the bridge turns each into one Python exception.
#[derive(Clone, Debug, PartialEq)]
pub enum CoreError {
    /// An array has the wrong shape or content.
    BadInput(String),
    /// A fixed column is a combination of the ones before it.
    CollinearFixedColumns { column: usize },
    /// The fixed part reproduces the response.
    NoResidualVariation,
    /// The system Λ'Z'WZΛ + I could not be factored at this θ.
    NotPositiveDefinite { pivot: usize },
    /// A factor does not reproduce its matrix.
    UnreliableFactor { residual: f64 },
    /// There is no room for a large block.
    OutOfMemory { what: &'static str, bytes: usize },
    /// The caller allows less memory than the model needs.
    MemoryLimit { bytes: usize, of_tail: usize, columns: usize, most: usize },
    /// The caller asked to stop.
    Interrupted,
}

impl std::fmt::Display for CoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CoreError::BadInput(text) => write!(f, "{text}"),
            CoreError::CollinearFixedColumns { column } => {
                write!(f, "fixed column {column} is a combination of the columns before it")
            }
            CoreError::NoResidualVariation => {
                write!(f, "the fixed part reproduces the response exactly: no residual variation is left to model")
            }
            CoreError::NotPositiveDefinite { pivot } => {
                write!(
                    f,
                    "the penalized least-squares system is not positive definite (pivot {pivot}): values are not finite or far out of scale"
                )
            }
            CoreError::UnreliableFactor { residual } => {
                write!(
                    f,
                    "a Cholesky factor misses its matrix by {residual:.1e} of its size: its numbers cannot be used"
                )
            }
            CoreError::OutOfMemory { what, bytes } => {
                write!(f, "there is not enough memory for {what}: {} are needed", size(*bytes))
            }
            CoreError::MemoryLimit { bytes, of_tail, columns, most } => {
                let (needed, most) = (size(*bytes), size(*most));
                write!(f, "this model needs about {needed} of memory, and memory_limit= allows {most}")?;
                match *of_tail * 2 > *bytes {
                    true => write!(
                        f,
                        "; {} of it are for the {columns} effects that stay together when those of the largest factor are eliminated",
                        size(*of_tail)
                    ),
                    false => write!(f, "; most of it are the rows and their columns"),
                }
            }
            CoreError::Interrupted => write!(f, "interrupted"),
        }
    }
}

/// Bytes in words.
fn size(bytes: usize) -> String {
    let (gigabytes, megabytes) = (bytes as f64 / 1e9, bytes as f64 / 1e6);
    if gigabytes < 1.0 { format!("{megabytes:.0} MB") } else { format!("{gigabytes:.1} GB") }
}

impl std::error::Error for CoreError {}
