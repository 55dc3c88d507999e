//! The sorts of calls: free functions, and methods by the sort of their receiver. The same table as the interpreter's.

use super::{Arg, Inference, Inferred};
use crate::ir::sorts::ty::Ty;

impl Inference<'_> {
    fn value(&self, name: &str, args: &[Arg], k: usize) -> Inferred<Ty> {
        match args.get(k) {
            Some(Arg::Value(ty)) => Ok(ty.clone()),
            _ => self.fail(format!("`{name}` needs a value as argument {}", k + 1)),
        }
    }

    /// The result of closure `k`, whose parameters have these sorts.
    fn applied(&mut self, name: &str, args: &[Arg], k: usize, to: &[Ty]) -> Inferred<Ty> {
        match args.get(k) {
            Some(Arg::Closure(params, result)) if params.len() == to.len() => {
                for (param, ty) in params.iter().zip(to) {
                    self.unify(param, ty)?;
                }
                Ok(result.clone())
            }
            _ => self.fail(format!("`{name}` needs a closure of {} as argument {}", to.len(), k + 1)),
        }
    }

    fn test(&mut self, name: &str, args: &[Arg], to: &[Ty], result: Ty) -> Inferred<Ty> {
        let condition = self.applied(name, args, 0, to)?;
        self.unify(&condition, &Ty::Bool)?;
        Ok(result)
    }

    fn same(&mut self, name: &str, args: &[Arg], k: usize, as_ty: &Ty) -> Inferred<()> {
        let ty = self.value(name, args, k)?;
        self.unify(&ty, as_ty)
    }

    pub(super) fn call(&mut self, name: &str, args: &[Arg]) -> Inferred<Ty> {
        let pids = Ty::Set(Box::new(Ty::Pid));
        Ok(match name {
            "broadcast" => Ty::Outbox(Box::new(self.value(name, args, 0)?)),
            "silent" => Ty::Outbox(Box::new(self.solver.fresh())),
            "to" => {
                self.same(name, args, 0, &Ty::Pid)?;
                Ty::Outbox(Box::new(self.value(name, args, 1)?))
            }
            "to_all" => {
                self.same(name, args, 0, &pids)?;
                Ty::Outbox(Box::new(self.value(name, args, 1)?))
            }
            "each" => {
                self.same(name, args, 0, &pids)?;
                let message = self.solver.fresh();
                let result = self.applied(name, args, 1, &[Ty::Pid])?;
                self.unify(&result, &Ty::Option(Box::new(message.clone())))?;
                Ty::Outbox(Box::new(message))
            }
            "implies" => {
                self.same(name, args, 0, &Ty::Bool)?;
                self.same(name, args, 1, &Ty::Bool)?;
                Ty::Bool
            }
            "Set::new" => Ty::Set(Box::new(self.solver.fresh())),
            "Set::of" => {
                let element = self.solver.fresh();
                for k in 0..args.len() {
                    self.same(name, args, k, &element)?;
                }
                Ty::Set(Box::new(element))
            }
            "Map::new" => Ty::Map(Box::new(self.solver.fresh()), Box::new(self.solver.fresh())),
            "Map::on" => {
                let key = self.solver.fresh();
                self.same(name, args, 0, &Ty::Set(Box::new(key.clone())))?;
                let value = self.applied(name, args, 1, std::slice::from_ref(&key))?;
                Ty::Map(Box::new(key), Box::new(value))
            }
            "Phase::new" => {
                self.same(name, args, 0, &Ty::Nat)?;
                Ty::Phase
            }
            _ => self.user_function(name, None, args)?,
        })
    }

    fn user_function(&mut self, name: &str, receiver: Option<&Ty>, args: &[Arg]) -> Inferred<Ty> {
        let Some((params, result)) = self.signatures.get(name).cloned() else {
            return self.fail(format!("`{name}` has no text; write `#[pure]` on it"));
        };
        let args = (0..args.len()).map(|k| self.value(name, args, k)).collect::<Inferred<Vec<_>>>()?;
        let given: Vec<Ty> = receiver.cloned().into_iter().chain(args).collect();
        if params.len() != given.len() {
            return self.fail(format!("`{name}` takes {} arguments, not {}", params.len(), given.len()));
        }
        for (param, ty) in params.iter().zip(&given) {
            self.unify(param, ty)?;
        }
        Ok(result)
    }

    /// The sort of `receiver.name(args)`; a name that starts with a dot is a field that waited.
    pub(super) fn method(&mut self, name: &str, receiver: &Ty, args: &[Arg]) -> Inferred<Ty> {
        if let Some(field) = name.strip_prefix('.') {
            return self.field(receiver, field);
        }
        match receiver {
            Ty::Context => self.of_context(name),
            Ty::System => self.of_system(name, args),
            Ty::HeardOf => self.of_heard(name, args),
            Ty::Mailbox(message) => self.of_mailbox(name, message, args),
            Ty::Option(value) => self.of_option(name, value, args),
            Ty::Set(element) => self.of_set(name, element, args),
            Ty::Map(key, value) => self.of_map(name, key, value, args),
            Ty::Named(_) if self.signatures.contains_key(name) => self.user_function(name, Some(receiver), args),
            _ => self.of_plain(name, receiver, args),
        }
    }

    fn of_context(&mut self, name: &str) -> Inferred<Ty> {
        Ok(match name {
            "id" | "coordinator" => Ty::Pid,
            "n" | "round" => Ty::Nat,
            "phase" => Ty::Phase,
            "is_coordinator" | "coin" => Ty::Bool,
            "parameters" => self.parameters.clone(),
            "request" => Ty::Option(Box::new(self.request.clone())),
            "processes" => Ty::Set(Box::new(Ty::Pid)),
            _ => return self.fail(format!("a context has no `{name}`")),
        })
    }

    fn of_system(&mut self, name: &str, args: &[Arg]) -> Inferred<Ty> {
        Ok(match name {
            "n" | "round" => Ty::Nat,
            "phase" => Ty::Phase,
            "parameters" => self.parameters.clone(),
            "coordinator" => Ty::Pid,
            "kernel" => Ty::Set(Box::new(Ty::Pid)),
            "initially" => {
                self.same(name, args, 0, &Ty::Pid)?;
                self.state.clone()
            }
            "forall" | "exists" => self.test(name, args, &[Ty::Pid], Ty::Bool)?,
            "forall_pairs" => self.test(name, args, &[Ty::Pid, Ty::Pid], Ty::Bool)?,
            "count" => self.test(name, args, &[Ty::Pid], Ty::Nat)?,
            "set" => self.test(name, args, &[Ty::Pid], Ty::Set(Box::new(Ty::Pid)))?,
            "image" => {
                let element = self.solver.fresh();
                let result = self.applied(name, args, 0, &[Ty::Pid])?;
                self.unify(&result, &Ty::Option(Box::new(element.clone())))?;
                Ty::Set(Box::new(element))
            }
            "join" => {
                let joined = self.applied(name, args, 0, &[Ty::Pid])?;
                Ty::Option(Box::new(joined))
            }
            "exists_phase" | "forall_phase" => self.test(name, args, &[Ty::Phase], Ty::Bool)?,
            "exists_value" | "forall_value" => {
                let value = self.solver.fresh();
                self.ranged.push((value.clone(), self.function.clone(), self.at));
                self.test(name, args, &[value], Ty::Bool)?
            }
            _ => return self.fail(format!("a system has no `{name}`")),
        })
    }

    fn of_heard(&mut self, name: &str, args: &[Arg]) -> Inferred<Ty> {
        let pids = Ty::Set(Box::new(Ty::Pid));
        Ok(match name {
            "n" | "round" | "min_len" => Ty::Nat,
            "phase" => Ty::Phase,
            "parameters" => self.parameters.clone(),
            "coordinator" => Ty::Pid,
            "of" | "safe" | "coin" => {
                self.same(name, args, 0, &Ty::Pid)?;
                if name == "coin" { Ty::Bool } else { pids }
            }
            "kernel" | "secure_kernel" | "kernel_before" => pids,
            "uniform" => Ty::Bool,
            "forall" | "exists" => self.test(name, args, &[Ty::Pid], Ty::Bool)?,
            "forall_pairs" => self.test(name, args, &[Ty::Pid, Ty::Pid], Ty::Bool)?,
            "count" => self.test(name, args, &[Ty::Pid], Ty::Nat)?,
            _ => return self.fail(format!("heard-of sets have no `{name}`")),
        })
    }

    fn of_mailbox(&mut self, name: &str, message: &Ty, args: &[Arg]) -> Inferred<Ty> {
        let optional = Ty::Option(Box::new(message.clone()));
        let to = std::slice::from_ref(message);
        Ok(match name {
            "len" => Ty::Nat,
            "is_empty" => Ty::Bool,
            "senders" => Ty::Set(Box::new(Ty::Pid)),
            "from" => {
                self.same(name, args, 0, &Ty::Pid)?;
                optional
            }
            "count" => self.test(name, args, to, Ty::Nat)?,
            "any" | "all" => self.test(name, args, to, Ty::Bool)?,
            "pick" => self.test(name, args, to, optional)?,
            "min" | "max" | "most_often" | "most_often_largest" => {
                self.ordered.push(message.clone());
                optional
            }
            "ranked" => {
                self.same(name, args, 0, &Ty::Nat)?;
                self.ordered.push(message.clone());
                optional
            }
            "max_by_key" | "min_by_key" => {
                let key = self.applied(name, args, 0, to)?;
                self.ordered.push(key);
                optional
            }
            "join" => {
                let joined = self.applied(name, args, 0, to)?;
                Ty::Option(Box::new(joined))
            }
            "merge" => {
                let map = Ty::Map(Box::new(self.solver.fresh()), Box::new(self.solver.fresh()));
                let result = self.applied(name, args, 0, to)?;
                self.unify(&result, &map)?;
                map
            }
            "map" => {
                let other = self.solver.fresh();
                let result = self.applied(name, args, 0, to)?;
                self.unify(&result, &Ty::Option(Box::new(other.clone())))?;
                Ty::Mailbox(Box::new(other))
            }
            _ => return self.fail(format!("a mailbox has no `{name}`")),
        })
    }

    fn of_option(&mut self, name: &str, value: &Ty, args: &[Arg]) -> Inferred<Ty> {
        let to = std::slice::from_ref(value);
        let whole = Ty::Option(Box::new(value.clone()));
        Ok(match name {
            "is_some" | "is_none" => Ty::Bool,
            "is" => {
                self.same(name, args, 0, value)?;
                Ty::Bool
            }
            "is_some_and" | "is_none_or" => self.test(name, args, to, Ty::Bool)?,
            "map" => Ty::Option(Box::new(self.applied(name, args, 0, to)?)),
            "and_then" => {
                let result = self.applied(name, args, 0, to)?;
                let option = Ty::Option(Box::new(self.solver.fresh()));
                self.unify(&result, &option)?;
                result
            }
            "filter" => self.test(name, args, to, whole)?,
            "unwrap_or" => {
                self.same(name, args, 0, value)?;
                value.clone()
            }
            "map_or" => {
                let other = self.value(name, args, 0)?;
                let result = self.applied(name, args, 1, to)?;
                self.unify(&result, &other)?;
                other
            }
            "or" => {
                self.same(name, args, 0, &whole)?;
                whole
            }
            "min" | "max" => self.of_plain(name, &whole, args)?,
            _ => return self.fail(format!("an option has no `{name}`")),
        })
    }

    fn of_set(&mut self, name: &str, element: &Ty, args: &[Arg]) -> Inferred<Ty> {
        let whole = Ty::Set(Box::new(element.clone()));
        let to = std::slice::from_ref(element);
        Ok(match name {
            "len" => Ty::Nat,
            "is_empty" => Ty::Bool,
            "contains" | "insert" | "remove" => {
                self.same(name, args, 0, element)?;
                if name == "contains" { Ty::Bool } else { Ty::Unit }
            }
            "union" | "intersection" | "difference" | "join" => {
                self.same(name, args, 0, &whole)?;
                whole
            }
            "is_subset" | "leq" => {
                self.same(name, args, 0, &whole)?;
                Ty::Bool
            }
            "filter" => self.test(name, args, to, whole)?,
            "any" | "all" => self.test(name, args, to, Ty::Bool)?,
            "count" => self.test(name, args, to, Ty::Nat)?,
            "first" => {
                self.ordered.push(element.clone());
                Ty::Option(Box::new(element.clone()))
            }
            "map" => Ty::Set(Box::new(self.applied(name, args, 0, to)?)),
            _ => return self.fail(format!("a set has no `{name}`")),
        })
    }

    fn of_map(&mut self, name: &str, key: &Ty, value: &Ty, args: &[Arg]) -> Inferred<Ty> {
        let whole = Ty::Map(Box::new(key.clone()), Box::new(value.clone()));
        Ok(match name {
            "len" => Ty::Nat,
            "is_empty" => Ty::Bool,
            "get" => {
                self.same(name, args, 0, key)?;
                Ty::Option(Box::new(value.clone()))
            }
            "insert" => {
                self.same(name, args, 0, key)?;
                self.same(name, args, 1, value)?;
                Ty::Unit
            }
            "remove" => {
                self.same(name, args, 0, key)?;
                Ty::Unit
            }
            "keys" => Ty::Set(Box::new(key.clone())),
            "values" => Ty::Set(Box::new(value.clone())),
            "merge" => {
                self.same(name, args, 0, &whole)?;
                whole
            }
            "max_key" => {
                self.ordered.push(key.clone());
                Ty::Option(Box::new(key.clone()))
            }
            _ => return self.fail(format!("a map has no `{name}`")),
        })
    }

    fn of_plain(&mut self, name: &str, receiver: &Ty, args: &[Arg]) -> Inferred<Ty> {
        Ok(match (name, receiver) {
            ("min" | "max" | "join", _) => {
                self.same(name, args, 0, receiver)?;
                if name != "join" {
                    self.ordered.push(receiver.clone());
                }
                receiver.clone()
            }
            ("leq", _) => {
                self.same(name, args, 0, receiver)?;
                Ty::Bool
            }
            ("saturating_sub" | "abs_diff", Ty::Nat | Ty::Word(_)) => {
                self.same(name, args, 0, receiver)?;
                receiver.clone()
            }
            ("number", Ty::Phase) | ("index", Ty::Pid) => Ty::Nat,
            ("is_first", Ty::Phase) => Ty::Bool,
            ("rotate", Ty::Phase) | ("successor", Ty::Pid) => {
                self.same(name, args, 0, &Ty::Nat)?;
                Ty::Pid
            }
            ("rotate_from", Ty::Phase) => {
                self.same(name, args, 0, &Ty::Pid)?;
                self.same(name, args, 1, &Ty::Nat)?;
                Ty::Pid
            }
            _ => return self.fail(format!("{receiver} has no `{name}`")),
        })
    }
}
