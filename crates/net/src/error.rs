//! What goes wrong around a process. All of it is the environment's or the user's: exit code 2.

use heardof_core::Pid;
use heardof_node::{ProposeError, StartError};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Why a process does not run. One line each.
#[derive(Debug)]
pub enum NetError {
    /// The cluster file is wrong.
    Cluster {
        /// The file.
        file: String,
        /// The line, from 1, if it can be told.
        line: Option<usize>,
        /// What was expected and what was found.
        problem: String,
    },
    /// A file cannot be read or written.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The own address cannot be listened at.
    Listen {
        /// The process.
        me: Pid,
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// No other process was heard in time.
    Alone {
        /// How long it was waited.
        waited: Duration,
        /// The processes and where they should be.
        peers: Vec<(Pid, SocketAddr)>,
    },
    /// The node does not start.
    Start(StartError),
    /// The instance does not start.
    Propose(ProposeError),
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NetError::Cluster { file, line: Some(line), problem } => write!(f, "{file}:{line}: {problem}"),
            NetError::Cluster { file, line: None, problem } => write!(f, "{file}: {problem}"),
            NetError::File { path, error } => write!(f, "{}: {error}", path.display()),
            NetError::Listen { me, address, error } if error.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "{me} cannot listen at {address}: the port is in use; is {me} running already?")
            }
            NetError::Listen { me, address, error } => write!(f, "{me} cannot listen at {address}: {error}"),
            NetError::Alone { waited, peers } => {
                let peers: Vec<String> = peers.iter().map(|(q, address)| format!("{q} at {address}")).collect();
                write!(f, "nobody was heard within {waited:?}: expected at least one of {}", peers.join(", "))
            }
            NetError::Start(error) => write!(f, "{error}"),
            NetError::Propose(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for NetError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            NetError::File { error, .. } | NetError::Listen { error, .. } => Some(error),
            NetError::Start(error) => Some(error),
            NetError::Propose(error) => Some(error),
            NetError::Cluster { .. } | NetError::Alone { .. } => None,
        }
    }
}
