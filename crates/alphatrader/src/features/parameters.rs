//! With which parameters a recorded day is studied: the settings, over them what was found, over that the flags.

use alphatrader_analytics::Parameters;
use alphatrader_analytics::admission::{Admit, Policy};
use alphatrader_analytics::classify::ClassifyRule;
use alphatrader_jobs::file;
use alphatrader_model::{Discovered, Session, Symbol, Timestamp};

use crate::cli::{AdmitChoice, FeaturesArgs};
use crate::config::Config;
use crate::failure::Failure;

/// What was chosen, before a symbol and a session are known.
pub(super) struct Chosen {
    settings: Parameters,
    found: Option<Discovered>,
    bucket_volume: Option<u64>,
    window: Option<u32>,
}

impl Chosen {
    /// Reads flags and file. A file that was named has to be usable; of the usual one it is only said on stderr.
    ///
    /// # Errors
    /// An unknown rule, a named file that is missing, edited or for another configuration.
    pub(super) fn of(config: &Config, args: &FeaturesArgs) -> Result<Self, Failure> {
        let mut settings = Parameters::of(&config.trading.analytics);
        if let Some(name) = &args.classify {
            let known = ClassifyRule::NAMES.map(|(_, name)| name).join(", ");
            settings.classify.rule = ClassifyRule::named(name)
                .ok_or_else(|| Failure::config(format!("--classify `{name}` is none of {known}")))?;
            // Whoever asks for a rule wants to see the rule, not the feed's own word.
            settings.classify.trust_stated = settings.classify.rule == ClassifyRule::Native;
        }
        let admit = match args.admit {
            AdmitChoice::All => Admit::All,
            AdmitChoice::Default => Admit::Gated,
        };
        settings.policy = Policy { admit, ..Policy::default() };
        let found = found(config, args)?;
        Ok(Self { settings, found, bucket_volume: args.vpin_bucket_volume, window: args.vpin_window })
    }

    /// The parameters of a symbol in a session. Found ones count as long as they are valid at its opening.
    pub(super) fn at(&self, symbol: Symbol, session: Session) -> Parameters {
        let mut parameters = self.settings.clone();
        if let Some(found) = &self.found {
            parameters.take(found, symbol, session.open);
        }
        parameters.vpin_bucket_volume = self.bucket_volume.unwrap_or(parameters.vpin_bucket_volume);
        parameters.vpin_window = self.window.unwrap_or(parameters.vpin_window);
        parameters
    }
}

fn found(config: &Config, args: &FeaturesArgs) -> Result<Option<Discovered>, Failure> {
    if args.no_discovered {
        return Ok(None);
    }
    let path = args.discovered.clone().unwrap_or_else(|| config.state.directory.join(file::NAME));
    // Whether it has expired is asked for each session.
    let found = file::read(&path, &config.trading, Timestamp::from_nanos(i64::MIN));
    match &found.unusable {
        None => {
            eprintln!("found parameters of {}, valid until {}", path.display(), found.valid_until);
            Ok(Some(found))
        }
        Some(reason) if args.discovered.is_some() => {
            Err(Failure::config(format!("--discovered {}: {reason}", path.display())))
        }
        Some(reason) if reason == "missing" => Ok(None),
        Some(reason) => {
            eprintln!("{} is not used, all defaults: {reason}", path.display());
            Ok(None)
        }
    }
}
