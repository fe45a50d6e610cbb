//! Databases that come and go, and what that means to clients.

use lessor_policy::DropReason;

use super::Server;
use crate::recovery::{Act, Backend, News};
use crate::{Event, Output};

impl Server {
    pub(super) fn on_backend(&mut self, backend: Backend, news: News) {
        match news {
            News::Opened => self.backends.opened(backend),
            News::Lost(why) => self.backends.lost(backend, self.now, why),
            News::Unreachable(why) => {
                if !self.backends.is_open(backend) {
                    self.event(Event::DatabaseUnreachable(backend, why.clone()));
                }
                self.backends.unreachable(backend, self.now, why);
            }
        }
        self.tend_backends();
    }

    /// Does what has become necessary.
    pub(super) fn tend_backends(&mut self) {
        while let Some(act) = self.backends.poll() {
            match act {
                Act::Connect(backend) => self.outputs.push_back(Output::Connect(backend)),
                Act::Disable(backend) => {
                    self.service.disable(backend.origin(), None);
                    self.event(Event::ServiceDisabled(backend.origin()));
                }
                Act::Enable(backend) => {
                    if self.service.enable(backend.origin()) {
                        self.event(Event::ServiceEnabled(backend.origin()));
                    }
                }
                Act::Opened(backend) => {
                    self.event(Event::DatabaseOpened(backend));
                    if backend == Backend::Leases {
                        self.store_open = true;
                        self.era += 1;
                    }
                }
                Act::Lost(backend, why) => {
                    self.event(Event::DatabaseLost(backend, why));
                    if backend == Backend::Leases {
                        self.close_store();
                    }
                }
                Act::GivenUp { backend, why, exit } => {
                    self.event(Event::DatabaseGivenUp { backend, why, exit });
                    if exit {
                        self.outputs.push_back(Output::Exit);
                    }
                }
            }
        }
    }

    /// Nothing can be written: whoever waits for it waits in vain.
    pub(super) fn close_store(&mut self) {
        self.store_open = false;
        self.era += 1;
        // What grew meanwhile was decided on rows that can't be trusted now.
        for (seq, unit, waiters) in self.to_store.abandon() {
            self.ledger.settle(&self.topology, unit, seq, false);
            for ticket in waiters {
                self.on_lost(ticket, DropReason::StoreUnavailable);
            }
        }
    }

    /// A new configuration switches the service on: what is still lost switches it off again.
    pub(super) fn insist_on_backends(&mut self) {
        let stopping: Vec<Backend> = self.backends.stopping().collect();
        for backend in stopping {
            self.service.disable(backend.origin(), None);
        }
    }
}
