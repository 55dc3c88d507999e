//! What one run is: everything follows from it, again and again.

use crate::chance::Chance;
use crate::faults::{Kind, MS, OF_DISKS, Weather};
use std::fmt;

/// One run. Two runs of the same plan are the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The seed of all chance.
    pub seed: u64,
    /// How many processes.
    pub n: usize,
    /// How many instances.
    pub slots: u64,
    /// Every process proposes a value of its own for every instance; if not, one process proposes and the others join.
    pub hostile: bool,
    /// Every process has a disk and comes back from crashes; if not, nothing is durable and whoever crashes stays away.
    pub durable: bool,
    /// What goes wrong.
    pub weather: Weather,
    /// How long it does, in nanoseconds of virtual time. Then everything is healed.
    pub stormy: u64,
    /// How long a process waits that sees somebody in the next round, in nanoseconds.
    pub grace: u64,
    /// How long a round waits, in nanoseconds.
    pub timeout: u64,
}

/// What plans are drawn from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Swarm {
    /// The numbers of processes.
    pub sizes: Vec<usize>,
    /// How many instances.
    pub slots: u64,
    /// The faults that there may be.
    pub allowed: Vec<Kind>,
    /// Whether what is assumed of the network takes waiting for the deadline of every round.
    pub synchronous: bool,
}

impl Default for Swarm {
    fn default() -> Swarm {
        Swarm { sizes: vec![3, 3, 3, 4, 5, 5, 2, 1, 7], slots: 20, allowed: Kind::ALL.to_vec(), synchronous: false }
    }
}

impl Swarm {
    /// The plan of a seed. In most of them everybody proposes a value of its own, and in most of these much is lost: a mild run finds
    /// nothing.
    pub fn plan(&self, seed: u64) -> Plan {
        let mut chance = Chance::of(seed, 5000);
        let n = *chance.of_these(&self.sizes);
        let mut weather = Weather::swarm(&mut chance, &self.allowed);
        let (hostile, lossy) = (chance.permille(800), chance.permille(700));
        if hostile && lossy && self.allowed.contains(&Kind::Loss) {
            weather = weather.with(Kind::Loss, chance.between(200, 600) as u32);
        }
        let durable = chance.permille(700);
        if !durable {
            weather = OF_DISKS.into_iter().fold(weather, |weather, kind| weather.with(kind, 0));
        } else if weather.kinds().any(|kind| OF_DISKS.contains(&kind)) && self.allowed.contains(&Kind::Restart) {
            // What happens to a disk shows when its process comes back.
            weather = weather.with(Kind::Restart, chance.between(200, 600) as u32);
        }
        let timeout = *chance.of_these(&[5, 10, 50]) * MS;
        let grace = if self.synchronous { timeout } else { *chance.of_these(&[0, timeout / 4]) };
        let stormy = chance.between(20, 60) * timeout;
        Plan { seed, n, slots: self.slots, hostile, durable, weather, stormy, grace, timeout }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = if self.hostile { "everybody proposes" } else { "one proposes" };
        let durable = if self.durable { "with disks" } else { "without disks" };
        write!(f, "n = {}, {} instances, {who}, {durable}, faults for {} ms: {}", self.n, self.slots, self.stormy / MS, self.weather)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_plans_are_hostile_and_lossy() {
        let swarm = Swarm::default();
        let plans: Vec<Plan> = (0..3000).map(|seed| swarm.plan(seed)).collect();
        let bad = plans.iter().filter(|p| p.hostile && p.weather.share(Kind::Loss) >= 200).count();
        assert!(bad > 1500, "{bad}");
        assert!(swarm.sizes.iter().all(|n| plans.iter().any(|p| p.n == *n)));
        assert_eq!(plans[17], swarm.plan(17));
    }
}
