//! A small linear-programming solver: two-phase simplex on a dense tableau.
//!
//! It only guides the search for counting lemmas: every lemma is confirmed by a solver query, so that rounding can cost a lemma but
//! never soundness. Worked example: minimise x + y subject to x + 2y ≥ 2 (written −x − 2y ≤ −2) is x = 0, y = 1.

/// How a row bounds its sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    /// `Σ a·x ≤ b`
    AtMost,
    /// `Σ a·x = b`
    Equal,
}

/// A constraint: coefficients by variable.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// (variable, coefficient); a variable may occur once.
    pub coefficients: Vec<(usize, f64)>,
    /// The kind of bound.
    pub bound: Bound,
    /// The right side.
    pub right: f64,
}

const EPSILON: f64 = 1e-9;
/// After so many pivots the slower rule that cannot cycle takes over.
const GREEDY_PIVOTS: usize = 400;
const MAX_PIVOTS: usize = 4000;

struct Tableau {
    /// Rows of the constraints, then the row of the objective; the last column is the right side.
    rows: Vec<Vec<f64>>,
    basis: Vec<usize>,
    width: usize,
}

/// Minimises `cost · x` over x ≥ 0 subject to `rows`; `None` when there is no solution (or none was found in bounded time).
pub fn minimise(cost: &[f64], rows: &[Row]) -> Option<Vec<f64>> {
    let variables = cost.len();
    let slacks = rows.iter().filter(|r| r.bound == Bound::AtMost).count();
    let width = variables + slacks + rows.len();
    let mut tableau = Tableau { rows: Vec::new(), basis: Vec::new(), width };
    let mut slack = variables;
    for (k, row) in rows.iter().enumerate() {
        let sign = if row.right < 0.0 { -1.0 } else { 1.0 };
        let mut line = vec![0.0; width + 1];
        for &(variable, a) in &row.coefficients {
            line[variable] += sign * a;
        }
        line[width] = sign * row.right;
        let artificial = variables + slacks + k;
        let mut basic = artificial;
        if row.bound == Bound::AtMost {
            line[slack] = sign;
            if sign > 0.0 {
                basic = slack;
            }
            slack += 1;
        }
        if basic == artificial {
            line[artificial] = 1.0;
        }
        tableau.rows.push(line);
        tableau.basis.push(basic);
    }
    let first_artificial = variables + slacks;
    let mut phase_one = vec![0.0; width];
    phase_one[first_artificial..].fill(1.0);
    if tableau.optimise(&phase_one, width)? > 1e-7 {
        return None;
    }
    tableau.drive_out(first_artificial);
    let mut phase_two = vec![0.0; width];
    phase_two[..variables].copy_from_slice(cost);
    tableau.optimise(&phase_two, first_artificial)?;
    let mut solution = vec![0.0; variables];
    for (line, &basic) in tableau.rows.iter().zip(&tableau.basis) {
        if basic < variables {
            solution[basic] = line[width];
        }
    }
    Some(solution)
}

impl Tableau {
    /// Minimises `cost` over the columns below `columns`; the minimum.
    fn optimise(&mut self, cost: &[f64], columns: usize) -> Option<f64> {
        let width = self.width;
        let mut objective = vec![0.0; width + 1];
        objective[..width].copy_from_slice(cost);
        for (line, &basic) in self.rows.iter().zip(&self.basis) {
            let factor = cost[basic];
            if factor != 0.0 {
                objective.iter_mut().zip(line).for_each(|(o, a)| *o -= factor * a);
            }
        }
        for step in 0..MAX_PIVOTS {
            let candidates = (0..columns).filter(|&c| objective[c] < -EPSILON);
            let entering =
                if step < GREEDY_PIVOTS { candidates.min_by(|&a, &b| objective[a].total_cmp(&objective[b])) } else { candidates.min() };
            let Some(entering) = entering else { return Some(-objective[width]) };
            let leaving = (0..self.rows.len())
                .filter(|&r| self.rows[r][entering] > EPSILON)
                .map(|r| (self.rows[r][width] / self.rows[r][entering], self.basis[r], r))
                .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))?;
            self.pivot(leaving.2, entering);
            let factor = objective[entering];
            objective.iter_mut().zip(&self.rows[leaving.2]).for_each(|(o, a)| *o -= factor * a);
        }
        None
    }

    fn pivot(&mut self, row: usize, column: usize) {
        let scale = 1.0 / self.rows[row][column];
        self.rows[row].iter_mut().for_each(|a| *a *= scale);
        let line = self.rows[row].clone();
        for (k, other) in self.rows.iter_mut().enumerate() {
            let factor = other[column];
            if k != row && factor != 0.0 {
                other.iter_mut().zip(&line).for_each(|(a, b)| *a -= factor * b);
            }
        }
        self.basis[row] = column;
    }

    /// Replaces artificial variables that are basic at zero, so that they cannot grow again.
    fn drive_out(&mut self, first_artificial: usize) {
        for row in 0..self.rows.len() {
            if self.basis[row] >= first_artificial {
                match (0..first_artificial).find(|&c| self.rows[row][c].abs() > EPSILON) {
                    Some(column) => self.pivot(row, column),
                    // The row is a combination of others: it says nothing.
                    None => self.rows[row].fill(0.0),
                }
            }
        }
    }
}

/// The smallest integer vector in the direction of `x`; `None` when no small denominators fit.
pub fn integers(x: &[f64]) -> Option<Vec<i64>> {
    let largest = x.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    if largest < 1e-12 {
        return None;
    }
    let tiny = 1e-7 * largest;
    let smallest = x.iter().map(|v| v.abs()).filter(|&v| v > tiny).fold(f64::INFINITY, f64::min);
    for base in [smallest, largest] {
        let fractions: Option<Vec<(i64, i64)>> =
            x.iter().map(|&v| if v.abs() <= tiny { Some((0, 1)) } else { fraction(v / base, 500) }).collect();
        let Some(fractions) = fractions else { continue };
        let common = fractions.iter().fold(1i64, |l, &(_, d)| l / gcd(l, d) * d);
        if common > 100_000 {
            continue;
        }
        let scaled: Vec<i64> = fractions.iter().map(|&(p, d)| p * (common / d)).collect();
        let divisor = scaled.iter().fold(0, |g, &v| gcd(g, v)).max(1);
        return Some(scaled.iter().map(|v| v / divisor).collect());
    }
    None
}

/// The fraction with the smallest denominator up to `limit` that is close to `x`.
fn fraction(x: f64, limit: i64) -> Option<(i64, i64)> {
    (1..=limit).find_map(|d| {
        let p = (x * d as f64).round();
        ((p / d as f64 - x).abs() < 1e-6 * x.abs().max(1.0)).then_some((p as i64, d))
    })
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::{Bound, Row, integers, minimise};

    fn row(coefficients: &[f64], bound: Bound, right: f64) -> Row {
        Row { coefficients: coefficients.iter().copied().enumerate().collect(), bound, right }
    }

    #[test]
    fn known_answers() {
        use Bound::{AtMost, Equal};
        for (cost, rows, expected) in [
            (vec![1.0, 1.0], vec![row(&[-1.0, -2.0], AtMost, -2.0)], Some(vec![0.0, 1.0])),
            (vec![-1.0, -1.0], vec![row(&[1.0, 2.0], AtMost, 4.0), row(&[3.0, 1.0], AtMost, 6.0)], Some(vec![1.6, 1.2])),
            (vec![1.0], vec![row(&[1.0], AtMost, 1.0), row(&[-1.0], AtMost, -2.0)], None),
            (vec![0.0, 1.0], vec![row(&[1.0, 1.0], Equal, 3.0), row(&[1.0, 0.0], AtMost, 2.0)], Some(vec![2.0, 1.0])),
            (vec![1.0, 0.0], vec![row(&[1.0, 1.0], Equal, 2.0), row(&[2.0, 2.0], Equal, 4.0)], Some(vec![0.0, 2.0])),
        ] {
            let found = minimise(&cost, &rows);
            match (&found, &expected) {
                (Some(x), Some(y)) => assert!(x.iter().zip(y).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} {expected:?}"),
                _ => assert_eq!(found.is_some(), expected.is_some(), "{rows:?}"),
            }
        }
    }

    #[test]
    fn directions_become_integers() {
        for (x, expected) in [
            (vec![0.5, -0.25, 0.0], Some(vec![2, -1, 0])),
            (vec![1.0 / 3.0, 1.0, 2.0 / 7.0], Some(vec![7, 21, 6])),
            (vec![0.0, 0.0], None),
            (vec![2.0, 4.0], Some(vec![1, 2])),
        ] {
            assert_eq!(integers(&x), expected);
        }
    }
}
