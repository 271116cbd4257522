"""Methods for degrees of freedom, one file each, and the choice between them."""
