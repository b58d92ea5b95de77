//! Account passwords: argon2id, two at a time.
//!
//! A hash takes 19 MiB and some 20 ms; the limit keeps a flood of sign-ins from taking the memory
//! and processors that retrievals need. Start at `Passwords::verify`.

use std::sync::Arc;

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use inhaul_types::Secret;
use tokio::sync::Semaphore;

use crate::StoreError;
use crate::sqlite::random;

/// Hashes and checks passwords. Its defaults are argon2's: m=19456 KiB, t=2, p=1.
#[derive(Debug)]
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// A PHC string with a salt of its own.
    pub(crate) async fn hash(&self, password: Secret) -> Result<String, StoreError> {
        const DOING: &str = "hash the password";
        let salt: [u8; 16] = random::octets()?;
        self.limited(DOING, move || {
            hash(&password, &salt).ok_or_else(|| StoreError::Io {
                doing: DOING,
                source: "argon2 takes no such password".into(),
            })
        })
        .await?
    }

    /// Whether the password fits the PHC string. No string (an unknown name, an account without
    /// a password) costs the same time and fits nothing.
    pub(crate) async fn verify(
        &self,
        password: Secret,
        stored: Option<String>,
    ) -> Result<bool, StoreError> {
        self.limited("check the password", move || {
            let fits = fits(&password, stored.as_deref().unwrap_or(NOBODY));
            fits && stored.is_some()
        })
        .await
    }

    async fn limited<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Closing)?;
        let work = move || {
            // The place goes with the work: a caller that went away does not free it early.
            let _place = place;
            work()
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| StoreError::Io {
                doing,
                source: error.into(),
            })
    }
}

const AT_ONCE: usize = 2;

/// What unknown names are checked against: the hash of 32 random octets nobody kept.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$aW5oYXVsLW5vYm9keS0x$\
                      s3b1VQ7m9jz1Jr8i0pQkWc4eTtq2nXo5LhYd6uFgAaE";

/// Blocks of 1 KiB that are reserved for a hash: more than its 19 MiB take, and only what it uses is
/// touched. glibc keeps what was freed of up to 32 MiB for the thread that freed it, and checks come
/// from many threads; what is larger goes back to the system at once.
const RESERVED: usize = 33 << 10;

/// A PHC string: like [`NOBODY`], with this salt.
fn hash(password: &Secret, salt: &[u8]) -> Option<String> {
    let like = PasswordHash {
        salt: Some(Salt::new(salt).ok()?),
        ..PasswordHash::new(NOBODY).ok()?
    };
    let hash = Some(hashed_as(&like, password)?);
    Some(PasswordHash { hash, ..like }.to_string())
}

fn fits(password: &Secret, stored: &str) -> bool {
    let Ok(stored) = PasswordHash::new(stored) else {
        return false;
    };
    // Compares in constant time.
    hashed_as(&stored, password).is_some_and(|output| stored.hash == Some(output))
}

/// The hash of a password by the algorithm, parameters and salt of another one.
fn hashed_as(stored: &PasswordHash, password: &Secret) -> Option<Output> {
    let algorithm = Algorithm::try_from(stored.algorithm.as_str()).ok()?;
    let version = stored.version.map(Version::try_from).transpose().ok()?;
    let params = Params::try_from(stored).ok()?;
    let mut output = [0; Output::MAX_LENGTH];
    let output = output.get_mut(..stored.hash.as_ref()?.len())?;
    let blocks = params.block_count();
    let mut memory = Vec::with_capacity(blocks.max(RESERVED));
    memory.resize(blocks, Block::new());
    Argon2::new(algorithm, version.unwrap_or_default(), params)
        .hash_password_into_with_memory(
            password.expose().as_bytes(),
            stored.salt.as_ref()?,
            output,
            &mut memory[..],
        )
        .ok()?;
    Output::new(output).ok()
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher as _;

    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.into())
    }

    #[tokio::test]
    async fn only_the_password_itself_fits() {
        let passwords = Passwords::new();
        let hash = passwords.hash(secret("correct horse")).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(
            passwords
                .verify(secret("correct horse"), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(secret("correct hors"), Some(hash))
                .await
                .unwrap()
        );
        assert!(!passwords.verify(secret(""), None).await.unwrap());
    }

    #[test]
    fn the_library_and_we_agree() {
        let ours = hash(&secret("x"), &[7; 16]).unwrap();
        let ours = PasswordHash::new(&ours).unwrap();
        let theirs = Argon2::default().hash_password_with_salt(b"x", &[7; 16]);
        assert_eq!(ours.to_string(), theirs.unwrap().to_string());
        // Costs are those of the string, whatever the defaults are by then.
        let cheap = Params::new(64, 1, 1, Some(16)).unwrap();
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, cheap);
        let cheap = cheap.hash_password_with_salt(b"x", b"saltsalt").unwrap();
        assert!(fits(&secret("x"), &cheap.to_string()));
        assert!(!fits(&secret("y"), &cheap.to_string()));
    }

    #[test]
    fn checking_an_unknown_name_costs_a_whole_hash() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let own = Argon2::default().hash_password(b"x").unwrap();
        assert_eq!(nobody.params.to_string(), own.params.to_string());
        assert_eq!(nobody.algorithm.to_string(), own.algorithm.to_string());
        assert_eq!(nobody.hash.unwrap().len(), own.hash.unwrap().len());
    }
}
