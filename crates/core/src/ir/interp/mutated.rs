//! Methods of mailboxes that no algorithm can call: only mutants contain them, and mutants are only interpreted.
//!
//! Worked example: of the messages 1, 1, 2, 2, 3 `most_often` is 1 and `most_often_largest` is 2.

use super::methods::{Step, lambda, option, wrong};
use super::{Frame, Val};
use crate::datum::Datum;
use crate::ir::Expr;
use crate::mailbox::Mailbox;
use std::cmp::Reverse;
use std::collections::BTreeMap;

impl<'a> Frame<'a> {
    pub(super) fn of_mutated_mailbox(&mut self, name: &str, mailbox: &Mailbox<Datum>, args: &'a [Expr]) -> Step<Val> {
        Ok(match name {
            "most_often_largest" => option(most_often_largest(mailbox).cloned()),
            "min_by_key" => {
                let l = lambda(args, 0)?;
                let keyed = self.each_message(mailbox, |frame, m| Ok((frame.apply(l, [Val::Data(m.clone())])?.data()?, m.clone())))?;
                option(keyed.max_by_key(|(key, _)| Reverse(key.clone())).map(|(_, m)| m.clone()))
            }
            _ => return wrong(format!("a mailbox has no `{name}`")),
        })
    }
}

/// The largest among the most often received.
fn most_often_largest(mailbox: &Mailbox<Datum>) -> Option<&Datum> {
    let mut counts: BTreeMap<&Datum, usize> = BTreeMap::new();
    mailbox.iter().for_each(|(_, m)| *counts.entry(m).or_default() += 1);
    // Ascending values: of equal counts the last, hence largest, stays.
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(m, _)| m)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pid;

    fn mailbox(messages: &[usize]) -> Mailbox<Datum> {
        messages.iter().enumerate().map(|(q, m)| (Pid::new(q), Datum::nat(*m))).collect()
    }

    #[test]
    fn the_largest_most_often_received() {
        let table: [(&[usize], Option<usize>); 5] =
            [(&[], None), (&[4], Some(4)), (&[1, 1, 2, 2, 3], Some(2)), (&[2, 1, 1, 3], Some(1)), (&[3, 1, 2], Some(3))];
        for (messages, expected) in table {
            assert_eq!(most_often_largest(&mailbox(messages)).cloned(), expected.map(Datum::nat), "{messages:?}");
        }
    }

    #[test]
    fn the_smallest_key() {
        use crate::datum::Sort;
        use crate::ir::text::{parse_expr, parse_functions};
        use crate::ir::{Algorithm, Function};
        let function = |text: &str| -> Function { parse_functions(text).unwrap().remove(0) };
        let algorithm = Algorithm {
            name: "a".into(),
            type_name: "A".into(),
            doc: String::new(),
            generics: vec![],
            state: Sort::Nat,
            fields: vec![],
            parameters: Sort::Unit,
            request: Sort::Unit,
            input: Sort::Nat,
            init: function("(fn init (input _) input)"),
            halted: None,
            coordinator: None,
            faults: None,
            rounds: vec![],
            functions: vec![],
            specs: vec![],
            problems: vec![],
        };
        let machine = super::super::Interpreted::new(algorithm);
        let mut frame = Frame::new(&machine);
        let body = parse_expr("(method min_by_key mailbox (lam (m) (method abs_diff m 5)))").unwrap();
        frame.vars.push(("mailbox", Val::Mailbox(std::sync::Arc::new(mailbox(&[1, 6, 9])))));
        assert_eq!(frame.eval(&body).unwrap().data(), Ok(Datum::some(Datum::nat(6))));
    }
}
