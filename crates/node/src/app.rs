//! The application of a node: which instances it joins, and what it is told.

use crate::InstanceId;
use heardof_core::Pid;
use heardof_core::process::Process;

/// What the application answers when somebody speaks of an instance that does not run here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Join<P: Process> {
    /// Take part in it.
    Yes {
        /// Its parameters: the same at every process.
        parameters: P::Parameters,
        /// What this process proposes.
        input: P::Input,
    },
    /// Not now. Messages are dropped; who sent them goes on without this process.
    No,
    /// It has finished here, and the node has forgotten it. An application must know the instances that have, or a late message would
    /// start one again.
    Finished,
}

/// The application. Its panics are not caught.
pub trait App<P: Process> {
    /// Somebody speaks of an instance that is unknown here. Asked for each message until the answer is yes.
    fn join(&mut self, instance: InstanceId) -> Join<P>;
    /// The outputs of an instance are there. `outputs` is a state of which only the output fields count: the own state, or, if `told_by`
    /// names a process that had finished before, that one's. Called once for each instance; the node remembers the instance and
    /// answers stragglers for a while.
    fn decided(&mut self, instance: InstanceId, outputs: &P, told_by: Option<Pid>);
}

/// The application that joins nothing and listens to nothing: for nodes whose instances are all proposed by hand.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoApp;

impl<P: Process> App<P> for NoApp {
    fn join(&mut self, _: InstanceId) -> Join<P> {
        Join::No
    }
    fn decided(&mut self, _: InstanceId, _: &P, _: Option<Pid>) {}
}
