//! A model for people: what does not depend on a process, then a row for each process, then what is left.
//!
//! ```text
//! n = 2
//! phase = 1
//!      x  x'  HO
//! p0   0   1  {p0, p1}
//! p1   1   1  {p0}
//! coord: 0 ↦ p1, 1 ↦ p0, else p0
//! ```

use super::model::{Element, Model, Table};
use crate::term::{Fun, Sort, Terms};

impl Model {
    /// The model as a table.
    pub fn show(&self, terms: &Terms) -> String {
        let mut lines = vec![format!("n = {}", self.n)];
        for k in 0..terms.opaque_sorts() {
            let sort = Sort::Opaque(k);
            let elements = (0..self.size(sort).unwrap_or(0)).map(|e| self.element(terms, sort, &Element::Member(e)));
            lines.push(format!("{} = {{{}}}", terms.sort_name(sort), elements.collect::<Vec<_>>().join(", ")));
        }
        let tables: Vec<(Fun, &Table)> = self.tables.iter().map(|(&fun, table)| (fun, table)).collect();
        let (constants, functions): (Vec<_>, Vec<_>) = tables.into_iter().partition(|(fun, _)| terms.symbol(*fun).arguments.is_empty());
        for (fun, table) in constants {
            let values = table.values().map(|value| self.element(terms, terms.symbol(fun).result, value));
            lines.push(format!("{} = {}", terms.symbol(fun).name, values.collect::<Vec<_>>().join(" ")));
        }
        let (columns, others): (Vec<_>, Vec<_>) =
            functions.into_iter().partition(|(fun, _)| terms.symbol(*fun).arguments == [Sort::Process]);
        lines.extend(self.rows(terms, &columns));
        for (fun, table) in others {
            lines.push(format!("{}: {}", terms.symbol(fun).name, self.entries(terms, fun, table)));
        }
        lines.join("\n") + "\n"
    }

    /// A heading, and a row for each process; the columns are as wide as what stands in them.
    fn rows(&self, terms: &Terms, columns: &[(Fun, &Table)]) -> Vec<String> {
        if columns.is_empty() {
            return Vec::new();
        }
        let mut cells = vec![vec![String::new()]];
        cells[0].extend(columns.iter().map(|(fun, _)| terms.symbol(*fun).name.clone()));
        for p in 0..self.n {
            let value = |(fun, table): &(Fun, &Table)| {
                let value = table.get([Element::Member(p)].as_slice());
                value.map_or_else(String::new, |value| self.element(terms, terms.symbol(*fun).result, value))
            };
            cells.push(std::iter::once(format!("p{p}")).chain(columns.iter().map(value)).collect());
        }
        let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..=columns.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let padded = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_string()
        };
        cells.iter().map(line).collect()
    }
    /// `p0, 1 ↦ true, ..`; entries that have the most frequent value are left to `else`.
    pub fn entries(&self, terms: &Terms, fun: Fun, table: &Table) -> String {
        let symbol = terms.symbol(fun);
        let count = |value: &Element| table.values().filter(|other| *other == value).count();
        // The first of the most frequent values.
        let usual = table.values().rev().max_by_key(|value| count(value));
        let mut parts: Vec<String> = table
            .iter()
            .filter(|(_, value)| Some(*value) != usual)
            .map(|(key, value)| {
                let key: Vec<String> = symbol.arguments.iter().zip(key).map(|(&sort, e)| self.element(terms, sort, e)).collect();
                format!("{} ↦ {}", key.join(", "), self.element(terms, symbol.result, value))
            })
            .collect();
        parts.extend(usual.map(|value| format!("else {}", self.element(terms, symbol.result, value))));
        parts.join("; ")
    }
    /// An element as people write it: `p0`, `yes`, `{1, 2}`.
    pub fn element(&self, terms: &Terms, sort: Sort, element: &Element) -> String {
        match element {
            Element::Bool(value) => if *value { "yes" } else { "no" }.to_string(),
            Element::Number(value) => value.to_string(),
            Element::Member(k) if sort == Sort::Process => format!("p{k}"),
            Element::Member(k) => format!("{}{k}", terms.sort_name(sort)),
            Element::Set(set) => {
                let inner = sort.element().unwrap_or(sort);
                let elements: Vec<String> = set.iter().map(|e| self.element(terms, inner, e)).collect();
                format!("{{{}}}", elements.join(", "))
            }
            Element::Elsewhere => "other".to_string(),
        }
    }
}
