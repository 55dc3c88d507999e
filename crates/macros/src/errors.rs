//! All errors of an item at once.
//!
//! Every pass goes on after an error and writes down what it found; [`Errors::into_tokens`] turns the list into one `compile_error!`
//! for each, at the offending tokens. A message says what is wrong; the line behind it, `help: ..`, says what to write instead.

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The way out that exists for every construct outside the subset of a round.
pub const NATIVE: &str = "write `#[native(\"why\")]` on the item";

/// The errors found so far.
#[derive(Default)]
pub struct Errors(Vec<syn::Error>);

impl Errors {
    /// Adds an error that covers `tokens`.
    pub fn add(&mut self, tokens: impl ToTokens, message: impl AsRef<str>, help: impl AsRef<str>) {
        self.0.push(syn::Error::new_spanned(tokens, format!("{}\nhelp: {}", message.as_ref(), help.as_ref())));
    }
    /// Adds an error of `syn`.
    pub fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }
    /// How many were found.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// The errors as items that `rustc` reports.
    pub fn into_tokens(self) -> TokenStream {
        let combined = self.0.into_iter().reduce(|mut all, next| {
            all.combine(next);
            all
        });
        combined.map(|e| e.into_compile_error()).unwrap_or_default()
    }
    /// The messages, for tests.
    #[cfg(test)]
    pub fn messages(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}
