//! Every mistake has a message, a place and a hint: each file of `fail` with what rustc prints for it beside it.
//!
//! After a deliberate change of a message: `TRYBUILD=overwrite cargo test -p heardof --test compile_fail`.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
