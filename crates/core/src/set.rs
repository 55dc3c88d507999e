//! Finite sets and finite partial functions, as the logic has them.

use std::fmt;

/// A finite set. Kept sorted, so equal sets have equal representations and iteration is in order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set<T>(Vec<T>);

impl<T> Default for Set<T> {
    fn default() -> Self {
        Set(Vec::new())
    }
}

impl<T: fmt::Debug> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.0).finish()
    }
}

impl<T: Ord> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut items: Vec<T> = items.into_iter().collect();
        items.sort();
        items.dedup();
        Set(items)
    }
}

impl<T> Set<T> {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }
    /// The number of elements.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// The elements in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
    /// Whether some element satisfies `test`.
    pub fn any(&self, test: impl Fn(&T) -> bool) -> bool {
        self.0.iter().any(test)
    }
    /// Whether every element satisfies `test`.
    pub fn all(&self, test: impl Fn(&T) -> bool) -> bool {
        self.0.iter().all(test)
    }
    /// How many elements satisfy `test`.
    pub fn count(&self, test: impl Fn(&T) -> bool) -> usize {
        self.0.iter().filter(|t| test(t)).count()
    }
    /// The smallest element. (Not called `min`: `Ord::min` would shadow it.)
    pub fn first(&self) -> Option<&T> {
        self.0.first()
    }
}

impl<T: Ord + Clone> Set<T> {
    /// The set of the listed elements.
    pub fn of<const N: usize>(elements: [T; N]) -> Self {
        elements.into_iter().collect()
    }
    /// Whether `t` is an element.
    pub fn contains(&self, t: &T) -> bool {
        self.0.binary_search(t).is_ok()
    }
    /// Adds an element.
    pub fn insert(&mut self, t: T) {
        if let Err(place) = self.0.binary_search(&t) {
            self.0.insert(place, t);
        }
    }
    /// Takes an element away.
    pub fn remove(&mut self, t: &T) {
        if let Ok(place) = self.0.binary_search(t) {
            self.0.remove(place);
        }
    }
    /// self ∪ other
    pub fn union(&self, other: &Self) -> Self {
        self.0.iter().chain(&other.0).cloned().collect()
    }
    /// self ∩ other
    pub fn intersection(&self, other: &Self) -> Self {
        self.filter(|t| other.contains(t))
    }
    /// self ∖ other
    pub fn difference(&self, other: &Self) -> Self {
        self.filter(|t| !other.contains(t))
    }
    /// self ⊆ other
    pub fn is_subset(&self, other: &Self) -> bool {
        self.all(|t| other.contains(t))
    }
    /// The elements that satisfy `test`.
    pub fn filter(&self, test: impl Fn(&T) -> bool) -> Self {
        Set(self.0.iter().filter(|t| test(t)).cloned().collect())
    }
    /// The image under `f`.
    pub fn map<U: Ord>(&self, f: impl Fn(&T) -> U) -> Set<U> {
        self.0.iter().map(f).collect()
    }
}

/// A finite partial function. Kept sorted by key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Map<K, V>(Vec<(K, V)>);

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Map(Vec::new())
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(k, v)| (k, v))).finish()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
    /// Of several values for one key the first is kept.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut items: Vec<(K, V)> = items.into_iter().collect();
        items.sort_by(|a, b| a.0.cmp(&b.0));
        items.dedup_by(|later, earlier| later.0 == earlier.0);
        Map(items)
    }
}

impl<K, V> Map<K, V> {
    /// The function defined nowhere.
    pub fn new() -> Self {
        Self::default()
    }
    /// The size of the domain.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether it is defined nowhere.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// The pairs, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(k, v)| (k, v))
    }
}

impl<K: Ord + Clone, V: Clone> Map<K, V> {
    /// { k ↦ f(k) : k ∈ domain }
    pub fn on(domain: &Set<K>, f: impl Fn(&K) -> V) -> Self {
        Map(domain.iter().map(|k| (k.clone(), f(k))).collect())
    }
    /// The value at `k`, if defined.
    pub fn get(&self, k: &K) -> Option<&V> {
        self.0.binary_search_by(|(key, _)| key.cmp(k)).ok().map(|place| &self.0[place].1)
    }
    /// Defines or redefines the value at `k`.
    pub fn insert(&mut self, k: K, v: V) {
        match self.0.binary_search_by(|(key, _)| key.cmp(&k)) {
            Ok(place) => self.0[place].1 = v,
            Err(place) => self.0.insert(place, (k, v)),
        }
    }
    /// Makes it undefined at `k`.
    pub fn remove(&mut self, k: &K) {
        if let Ok(place) = self.0.binary_search_by(|(key, _)| key.cmp(k)) {
            self.0.remove(place);
        }
    }
    /// The domain.
    pub fn keys(&self) -> Set<K> {
        self.0.iter().map(|(k, _)| k.clone()).collect()
    }
    /// The image.
    pub fn values(&self) -> Set<V>
    where
        V: Ord,
    {
        self.0.iter().map(|(_, v)| v.clone()).collect()
    }
    /// Defined where either is; where both are, self wins.
    pub fn merge(&self, other: &Self) -> Self {
        self.0.iter().chain(&other.0).cloned().collect()
    }
    /// The largest key.
    pub fn max_key(&self) -> Option<&K> {
        self.0.last().map(|(k, _)| k)
    }
}
