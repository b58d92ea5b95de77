//! The sample mailbox of a real installation: a server in this process, read like any other (UX 5.3).
//!
//! Its retrieval is known by the authority that its certificate is checked with. The server has
//! another port, password and certificate at each start of ours, and the retrieval is told before
//! anything runs. What lies in it and under which unique-ids stays the same, so nothing comes twice.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use inhaul_domain::{Retention, StartPoint};
use inhaul_engine::service::{EventKind, Force, Service, Trigger, What};
use inhaul_manage::{Actor, Authority, Manage, OwnAddresses, Refused};
use inhaul_sample::{SampleConfig, SampleServer, Tls};
use inhaul_store::{
    Every, NewRetrieval, Remote, RemoteSecret, Retrieval, RetrievalChange, RetrievalLimits,
    Routing, Security, SqliteStore, StartedBy, Store as _, StoreError,
};
use inhaul_types::{AccountId, Activation, RetrievalId, Secret};
use inhaul_web::Token;
use inhaul_web::sample::{NotAdded, SampleMailbox};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::clock::clock;

/// The sample's server, where there is a retrieval of it.
pub(super) struct Sample {
    store: Arc<SqliteStore>,
    authority: PathBuf,
    server: Mutex<Option<SampleServer>>,
}

impl Sample {
    /// Starts the server where a retrieval asks for it. One that does not start is one retrieval's
    /// trouble.
    pub(super) async fn open(store: &Arc<SqliteStore>, data: &Path) -> Arc<Self> {
        let sample = Self {
            store: Arc::clone(store),
            authority: data.join("sample-authority.pem"),
            server: Mutex::new(None),
        };
        if let Err(error) = sample.revive().await {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "the sample mailbox cannot be reached");
        }
        Arc::new(sample)
    }

    /// Adds it for the first administrator there is (`--demo-mailbox`).
    pub(super) async fn add_for_administrator(&self) -> Result<(), NotAdded> {
        let accounts = self.store.account_list().await.map_err(Refused::Store)?;
        let Some(account) = accounts.into_iter().find(|it| it.admin && it.enabled) else {
            tracing::warn!(
                "no sample mailbox: nobody is here yet. Set this installation up and press Try the sample."
            );
            return Ok(());
        };
        let actor = Actor {
            name: account.name,
            account: Some(account.id),
            channel: "command line".to_owned(),
            authority: Authority::Administrator,
        };
        self.add(&actor, account.id).await?;
        Ok(())
    }

    /// Adds its retrieval, or finds the one there is.
    async fn add(&self, actor: &Actor, account: AccountId) -> Result<RetrievalId, NotAdded> {
        let mut running = self.server.lock().await;
        if let Some(there) = self.retrieval().await.map_err(Refused::Store)? {
            return Ok(there.id);
        }
        // One whose retrieval was removed is of no use any more: its password is forgotten.
        if let Some(old) = running.take() {
            old.stop().await;
        }
        let (server, secret) = self.start_server().await?;
        let store = Arc::clone(&self.store) as _;
        let manage = Manage::new(store, clock(), OwnAddresses::default());
        let address = server.address();
        let remote = Remote {
            host: address.ip().to_string(),
            port: address.port(),
            security: Security::StartTls,
            ca_file: Some(self.authority.clone()),
            pin: None,
            user: USER.to_owned(),
            sign_in: None,
        };
        let added = manage.retrieval_add(actor, new(remote, secret, account));
        let id = added.await?;
        *running = Some(server);
        Ok(id)
    }

    /// The server of before is gone: the retrieval is told where the new one is.
    async fn revive(&self) -> Result<(), NotAdded> {
        if !self.authority.exists() {
            return Ok(());
        }
        let Some(there) = self.retrieval().await.map_err(Refused::Store)? else {
            return Ok(());
        };
        let (server, secret) = self.start_server().await?;
        let change = RetrievalChange {
            remote: Some(Remote {
                port: server.address().port(),
                ..there.remote
            }),
            secret: Some(secret),
            ..RetrievalChange::default()
        };
        let changed = self.store.retrieval_change(there.id, change).await;
        changed.map_err(Refused::Store)?;
        *self.server.lock().await = Some(server);
        Ok(())
    }

    async fn retrieval(&self) -> Result<Option<Retrieval>, StoreError> {
        let all = self.store.retrieval_list().await?;
        let mut all = all.into_iter();
        Ok(all.find(|it| it.remote.ca_file.as_deref() == Some(&self.authority)))
    }

    async fn start_server(&self) -> Result<(SampleServer, RemoteSecret), std::io::Error> {
        let password = Token::new()?.reveal().to_owned();
        let config = SampleConfig {
            tls: Tls::Offered,
            password: password.clone(),
            ..SampleConfig::default()
        };
        let server = SampleServer::start(config).await?;
        let mailbox = server.mailbox(USER);
        for message in inhaul_sample::messages() {
            mailbox.append(Vec::from(message));
        }
        std::fs::write(&self.authority, server.ca_pem().unwrap_or_default())?;
        Ok((server, RemoteSecret::Stored(Secret::new(password))))
    }
}

/// The pages' way to it.
pub(super) struct OfSample {
    pub(super) sample: Arc<Sample>,
    pub(super) service: Arc<Service>,
}

#[async_trait]
impl SampleMailbox for OfSample {
    async fn add(&self, actor: &Actor) -> Result<RetrievalId, NotAdded> {
        let account = actor.account.ok_or_else(|| {
            let what = "The sample is brought to an account.";
            Refused::NotAllowed(what.to_owned())
        })?;
        let mut events = self.service.subscribe();
        let id = self.sample.add(actor, account).await?;
        self.service.reload().await.map_err(Refused::Store)?;
        let check = Trigger {
            what: What::Retrievals(vec![id]),
            activation: Activation::Button,
            by: Some(StartedBy {
                account,
                address: None,
            }),
            force: Force::No,
        };
        let answers = self.service.trigger(&check).await.map_err(Refused::Store)?;
        if answers.iter().all(|(_, answer)| answer.ticket().is_none()) {
            // It was there before, and was looked at a moment ago.
            return Ok(id);
        }
        let first = async {
            while let Ok(event) = events.recv().await {
                let is_there = match event.kind {
                    EventKind::Progress { come, .. } => come.stored > 0,
                    EventKind::Ended { .. } => true,
                    _ => false,
                };
                if event.retrieval == id && is_there {
                    return;
                }
            }
        };
        // It comes all the same: the page is only shown without it.
        timeout(FIRST_MESSAGE, first).await.ok();
        Ok(id)
    }
}

fn new(remote: Remote, secret: RemoteSecret, account: AccountId) -> NewRetrieval {
    NewRetrieval {
        name: NAME.to_owned(),
        remote,
        secret,
        account,
        owner: None,
        folder: NAME.to_owned(),
        routing: Routing::Single,
        every: Every::Auto,
        retention: Retention::Keep,
        start: StartPoint::Everything,
        first_run_keeps: false,
        paused: false,
        sign_in_memory: None,
        limits: RetrievalLimits::default(),
        confined: false,
        written_at: None,
    }
}

/// The retrieval's name and its folder's: nobody takes it for real mail.
const NAME: &str = "Sample";
const USER: &str = "you@old-isp.example";

/// How long somebody looks at the last page before the first message is there.
const FIRST_MESSAGE: Duration = Duration::from_secs(3);
