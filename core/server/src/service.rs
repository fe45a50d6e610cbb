//! Whether clients are served, and who does not want it.

use std::collections::BTreeMap;

use lessor_types::Mono;

/// Who can switch the service off, by Kea's numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Origin(pub u32);

impl Origin {
    /// An operator.
    pub const USER: Self = Self(1);
    /// The partner of the first relationship; further ones follow it.
    pub const PARTNER: Self = Self(2000);
}

/// Who has switched the service off, and until when: for good where there is no time.
#[derive(Clone, Debug, Default)]
pub struct Service {
    off: BTreeMap<Origin, Option<Mono>>,
}

impl Service {
    /// Switches the service off. Asked again, the new end counts.
    pub fn disable(&mut self, origin: Origin, until: Option<Mono>) {
        self.off.insert(origin, until);
    }

    /// Takes that back. Returns whether there was something to take back.
    pub fn enable(&mut self, origin: Origin) -> bool {
        self.off.remove(&origin).is_some()
    }

    /// Takes everything back but what an operator wants: the others say so again if need be.
    pub fn configured(&mut self) {
        self.off.retain(|origin, _| *origin == Origin::USER);
    }

    /// Whether clients are served.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.off.is_empty()
    }

    /// Who does not want that, by number.
    pub fn disabled_by(&self) -> impl Iterator<Item = Origin> + '_ {
        self.off.keys().copied()
    }

    /// When somebody's time is over.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        self.off.values().flatten().min().copied()
    }

    /// Ends what is over at `now`: whose it was.
    pub fn advance(&mut self, now: Mono) -> Vec<Origin> {
        if self.off.is_empty() {
            return Vec::new();
        }
        let is_over = |until: &Option<Mono>| until.is_some_and(|until| until <= now);
        let over: Vec<Origin> = self
            .off
            .iter()
            .filter(|(_, until)| is_over(until))
            .map(|(origin, _)| *origin)
            .collect();
        self.off.retain(|_, until| !is_over(until));
        over
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_is_on_when_nobody_objects() {
        let at = |secs| Mono::ZERO.after(Duration::from_secs(secs));
        let mut service = Service::default();
        assert!(service.is_on());
        service.disable(Origin::USER, None);
        service.disable(Origin::PARTNER, Some(at(5)));
        service.disable(Origin::PARTNER, Some(at(9)));
        assert_eq!(service.next_deadline(), Some(at(9)));
        assert!(service.advance(at(8)).is_empty());
        assert_eq!(service.advance(at(9)), [Origin::PARTNER]);
        assert!(!service.is_on());
        assert!(service.enable(Origin::USER));
        assert!(!service.enable(Origin::USER));
        assert!(service.is_on());
    }

    #[test]
    fn a_new_configuration_clears_all_but_the_operators_wish() {
        let mut service = Service::default();
        service.disable(Origin::USER, None);
        service.disable(Origin(3000), None);
        service.configured();
        assert_eq!(service.disabled_by().collect::<Vec<_>>(), [Origin::USER]);
    }
}
