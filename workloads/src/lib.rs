//! Which programs are bundled, and what is the right answer.
