//! What happened, counted by name.

macro_rules! counters {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {
        /// Counters of a node. Nothing is dropped without one of them going up.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct Counters { $($(#[doc = $doc])* pub $name: u64,)* }
        impl Counters {
            /// Names and values.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name)),*].into_iter()
            }
        }
    };
}

counters! {
    /// Frames that were taken apart.
    frames_in,
    /// Frames handed out.
    frames_out,
    /// Frames that are not frames: length, magic, checksum, sections.
    frames_malformed,
    /// Frames of another version of the format.
    wrong_version,
    /// Frames of another cluster.
    wrong_cluster,
    /// Frames of another algorithm, or of another version of this one.
    wrong_fingerprint,
    /// Frames of a process that is not one of the n, is this one, or is not whom the transport says.
    unknown_sender,
    /// Sections of an instance that the application does not join, each instance counted.
    unknown_instance,
    /// Sections of an instance that has finished and is forgotten.
    forgotten_instance,
    /// Instances that the application would have joined if not so many ran already.
    refused_instance,
    /// Instances started, here or by joining.
    started,
    /// Instances that came back after a crash.
    recovered,
    /// Of all these: decided by rounds or told.
    decided,
    /// Of them: stopped by an alarm.
    stopped,
    /// Messages that are not a value of the round's message type: lost messages.
    messages_malformed,
    /// Messages of rounds already left.
    messages_late,
    /// Second messages of one sender in one round.
    messages_duplicate,
    /// Messages that claim a round too far ahead.
    messages_too_far_ahead,
    /// Early messages dropped because too many of their sender wait.
    early_dropped,
    /// Outgoing messages dropped because too much waits for their destination, or one is longer than a frame.
    lane_full,
    /// Rounds executed.
    rounds,
    /// Of them: left at the deadline.
    rounds_by_deadline,
    /// Of them: left to catch up.
    rounds_by_catching_up,
    /// Rounds left although `ready` said `Block`. Anything but 0 is a defect of the node.
    left_below_ready,
    /// Missing messages asked for.
    pulls_out,
    /// Missing messages sent again.
    pulls_answered,
    /// Messages asked for that are no longer kept.
    pulls_too_old,
    /// Decisions sent to stragglers and to processes not known to have finished.
    decisions_out,
    /// Decisions received that are none.
    decisions_malformed,
    /// Decisions received that say nothing new.
    decisions_known,
    /// Panics of the algorithm.
    panics,
}
