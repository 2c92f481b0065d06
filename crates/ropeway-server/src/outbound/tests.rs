//! Calls against servers that behave and that do not.
