//! What does not go together with a catch-all, said in the same words by `retrieval add` and
//! `retrieval set`.

use crate::exit::Failure;

pub(crate) fn to_or_catch_all() -> Failure {
    Failure::usage("--to and --catch-all exclude each other").hint(
        "--to brings all of it to one account, --catch-all shares it out; what matches nobody goes to --fallback.",
    )
}

pub(crate) fn no_owner() -> Failure {
    Failure::usage("a catch-all shares mail out among accounts and has no owner")
}

pub(crate) fn folder_of_fallback() -> Failure {
    Failure::usage("--folder goes with --to")
        .hint("Write the folder behind the account: --fallback ACCOUNT/FOLDER.")
}

pub(crate) fn no_fallback() -> Failure {
    Failure::usage("a catch-all needs --fallback: who gets what matches nobody").hint(
        "Write --fallback ACCOUNT or --fallback ACCOUNT/FOLDER. An account that nobody signs in to: inhaul account add unclaimed --no-password.",
    )
}
