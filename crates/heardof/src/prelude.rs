//! Everything that an algorithm file imports: `use heardof::prelude::*;`

pub use crate::problems::*;
pub use heardof_core::{
    Context, Faults, HeardOf, JoinSemilattice, Mailbox, Map, OptionExt, Outbox, Phase, Pid, Process, Progress, Round, Set, State, System,
    Then, Value, broadcast, each, implies, silent, to, to_all,
};
pub use heardof_macros::{Data, State, native, problem, process, pure, round, spec};
