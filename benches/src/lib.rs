//! How fast the simulator is, beside whom.
