//! What is wrong with a pattern, in words for the person who wrote it.

/// Why a text is no pattern for origins or hosts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// There is nothing before `://`, or no `://`.
    #[error("an origin begins with a scheme, as in https://example.com")]
    NoScheme,
    /// What stands before `://` cannot be the scheme of a page.
    #[error("no page has the scheme {0}: origins are those of pages, as in https://example.com")]
    Scheme(String),
    /// Something follows the host and port: a slash is enough.
    #[error("an origin has no path, not even a slash at its end")]
    Path,
    /// A name or password before the host.
    #[error("an origin has no user")]
    User,
    /// No name of a host, and no address.
    #[error("{0:?} is no host")]
    Host(String),
    /// No port is above 65535, and none is 0.
    #[error("the port must be 1 to 65535, or * for any")]
    Port,
    /// A star in the middle of a label, or behind one.
    #[error(
        "a star stands alone before the first dot, as in *.example.com, or for the port, as in localhost:*"
    )]
    Star,
    /// A star for all that is below a name such as `com`, which strangers can register.
    #[error("a star needs two labels behind it, as in *.example.com")]
    Broad,
}
