//! `inhaul retrieval test`.

use inhaul_store::Store;

use crate::cli::Globals;
use crate::cli::check::Steps;
use crate::cli::names::retrieval_named;
use crate::cli::output::print;
use crate::exit::{Exit, Failure};

/// Signs in to one retrieval's mailbox, step by step.
pub(super) async fn run(globals: &Globals, name: &str) -> Result<Exit, Failure> {
    globals
        .with_store(async |store, config| {
            let retrieval = retrieval_named(&*store, name).await?;
            let secret = store.retrieval_secret(retrieval.id).await?;
            let engine = globals.engine(&store, config)?;
            let reach = engine.reach_of(&retrieval).await?;
            let steps = Steps::new(globals, &retrieval.remote, None);
            let looked = engine
                .inspect_by_stages(&retrieval.remote, secret, &reach, &steps)
                .await;
            let exit = steps.conclude(&looked)?;
            if looked.is_ok() && steps.may_tell() {
                print("This mailbox works. Nothing was brought or changed.\n")?;
            }
            Ok(exit)
        })
        .await
}
