//! What every request works on.

use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use inhaul_manage::Manage;
use inhaul_store::{Clock, Store};
use inhaul_types::Timestamp;
use tokio::sync::Semaphore;

use crate::api::WrongKeys;
use crate::demo::Controls;
use crate::door::Door;
use crate::install::{Installation, Undisclosed};
use crate::live::Checks;
use crate::pages::mail::Undoing;
use crate::pages::manage::catch_all::Counted;
use crate::pages::retrievals::Drafts;
use crate::request::Bars;
use crate::runs::Runs;
use crate::sample::SampleMailbox;
use crate::serve::Refusals;
use crate::settings::Settings;

/// What every request works on. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    store: Arc<dyn Store>,
    manage: Manage,
    runs: Arc<dyn Runs>,
    door: Arc<dyn Door>,
    installation: OnceLock<Arc<dyn Installation>>,
    clock: Clock,
    checks: Checks,
    wrong_keys: WrongKeys,
    wrong_links: WrongKeys,
    bars: Bars,
    refusals: Refusals,
    settings: RwLock<Arc<Settings>>,
    drafts: Drafts,
    unclaimed: Counted,
    undoing: Undoing,
    sanitising: Semaphore,
    demo: OnceLock<Arc<dyn Controls>>,
    sample: OnceLock<Arc<dyn SampleMailbox>>,
}

impl App {
    /// Pages over this store.
    pub fn new(
        store: Arc<dyn Store>,
        manage: Manage,
        runs: Arc<dyn Runs>,
        door: Arc<dyn Door>,
        clock: Clock,
        settings: Settings,
    ) -> Self {
        Self(Arc::new(Shared {
            store,
            manage,
            runs,
            door,
            installation: OnceLock::new(),
            clock,
            checks: Checks::default(),
            wrong_keys: WrongKeys::default(),
            wrong_links: WrongKeys::default(),
            bars: Bars::default(),
            refusals: Refusals::default(),
            settings: RwLock::new(Arc::new(settings)),
            drafts: Drafts::default(),
            unclaimed: Counted::default(),
            undoing: Undoing::default(),
            sanitising: Semaphore::new(SANITISED_AT_ONCE),
            demo: OnceLock::new(),
            sample: OnceLock::new(),
        }))
    }

    /// What is kept.
    pub fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    /// What people may change, and who may.
    pub fn manage(&self) -> &Manage {
        &self.0.manage
    }

    /// Whoever runs retrievals.
    pub fn runs(&self) -> &dyn Runs {
        &*self.0.runs
    }

    /// Whoever knows the passwords.
    pub fn door(&self) -> &dyn Door {
        &*self.0.door
    }

    /// The installation itself.
    pub fn installation(&self) -> &dyn Installation {
        match self.0.installation.get() {
            Some(installation) => &**installation,
            None => &Undisclosed,
        }
    }

    /// From now on it tells of this installation. The first one stays.
    #[must_use]
    pub fn with_installation(self, installation: Arc<dyn Installation>) -> Self {
        self.0.installation.get_or_init(|| installation);
        self
    }

    /// Wrong keys of late.
    pub(crate) fn wrong_keys(&self) -> &WrongKeys {
        &self.0.wrong_keys
    }

    /// Wrong codes of one-time links of late.
    pub(crate) fn wrong_links(&self) -> &WrongKeys {
        &self.0.wrong_links
    }

    /// Bars to signing in that the audit knows of.
    pub(crate) fn bars(&self) -> &Bars {
        &self.0.bars
    }

    /// What is refused before anybody looks at what it says.
    pub(crate) fn refusals(&self) -> &Refusals {
        &self.0.refusals
    }

    /// Checks that somebody watches.
    pub(crate) fn checks(&self) -> &Checks {
        &self.0.checks
    }

    /// What people did with their messages a moment ago.
    pub(crate) fn undoing(&self) -> &Undoing {
        &self.0.undoing
    }

    /// A turn for whoever has formatted text sanitised.
    pub(crate) fn sanitising(&self) -> &Semaphore {
        &self.0.sanitising
    }

    /// Mailboxes that are being added.
    pub(crate) fn drafts(&self) -> &Drafts {
        &self.0.drafts
    }

    /// What fallbacks hold for addresses without a rule, as it was counted last.
    pub(crate) fn unclaimed(&self) -> &Counted {
        &self.0.unclaimed
    }

    /// Whoever makes things happen in a demo; a real installation has nobody.
    pub(crate) fn demo(&self) -> Option<&dyn Controls> {
        self.0.demo.get().map(|controls| &**controls)
    }

    /// These pages are a demo's, and this is who makes things happen in it. Said once, before they
    /// are served.
    pub fn set_demo(&self, controls: Arc<dyn Controls>) {
        self.0.demo.set(controls).ok();
    }

    /// Whoever has a sample mailbox.
    pub(crate) fn sample(&self) -> Option<&dyn SampleMailbox> {
        self.0.sample.get().map(|sample| &**sample)
    }

    /// There is a sample mailbox to try. Said once, before the pages are served.
    pub fn set_sample(&self, sample: Arc<dyn SampleMailbox>) {
        self.0.sample.set(sample).ok();
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// How pages are served now.
    pub fn settings(&self) -> Arc<Settings> {
        let settings = self.0.settings.read();
        Arc::clone(&settings.unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on so.
    pub fn set_settings(&self, settings: Settings) {
        let mut present = self
            .0
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *present = Arc::new(settings);
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("settings", &self.settings())
            .finish_non_exhaustive()
    }
}

/// Documents that are sanitised at the same time: some hundred MB in all at the very most.
const SANITISED_AT_ONCE: usize = 4;
