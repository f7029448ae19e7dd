//! What a template says when it is read, not run: its parents, blocks, facts, and every name it uses.
//!
//! Names are slices of the source, so that their place is where they lie in it.

use std::ops::Range;

use minijinja::machinery::ast::{Call, CallArg, CallType, Expr, Stmt};

/// One template or definition.
#[derive(Debug, Default)]
pub(super) struct Outline<'a> {
    /// Templates that `extends` can name: several where it chooses.
    pub parents: Vec<String>,
    /// `extends` that names no template in plain sight, stands inside of something, or stands twice.
    pub wrong_extends: Vec<Range<usize>>,
    /// Blocks.
    pub blocks: Vec<Block<'a>>,
    /// Names that `set`, `macro` and `import` bind.
    pub sets: Vec<Set<'a>>,
    /// Names that loops, macros and `with` bind for their own inside.
    pub locals: Vec<&'a str>,
    /// Variables used.
    pub uses: Vec<&'a str>,
    /// Functions called by name.
    pub calls: Vec<Function<'a>>,
    /// Facts that `fact("...")` declares.
    pub facts: Vec<String>,
    /// Filters and tests used.
    pub filters: Vec<&'a str>,
    pub tests: Vec<&'a str>,
    /// Text and output that stands in no block.
    pub outside: Vec<Outside<'a>>,
    /// Tags that have no meaning here.
    pub useless_tags: Vec<Range<usize>>,
}

#[derive(Debug)]
pub(super) struct Block<'a> {
    pub name: &'a str,
    /// Whether it lies in another block.
    pub is_nested: bool,
    /// Whether it lies in an `if` or a loop outside of all blocks, which a template that extends does not look at.
    pub is_conditional: bool,
}

#[derive(Debug)]
pub(super) struct Set<'a> {
    pub name: &'a str,
    /// Whether nobody outside of a block, loop or macro sees it.
    pub is_local: bool,
}

#[derive(Debug)]
pub(super) struct Function<'a> {
    pub name: &'a str,
    pub is_in_block: bool,
    pub keywords: Vec<&'a str>,
}

#[derive(Debug)]
pub(super) enum Outside<'a> {
    Text(&'a str),
    Output(Range<usize>),
}

/// Where in the template the walk is. Each flag widens what an outer tag means for what lies in it.
#[derive(Clone, Copy, Default)]
struct At {
    is_in_block: bool,
    is_local: bool,
    is_conditional: bool,
    is_nested: bool,
}

impl<'a> Outline<'a> {
    /// Reads a parsed template.
    pub(super) fn of(template: &Stmt<'a>) -> Outline<'a> {
        let mut outline = Outline::default();
        outline.statement(template, At::default());
        outline
    }

    fn body(&mut self, body: &[Stmt<'a>], at: At) {
        body.iter().for_each(|statement| self.statement(statement, at));
    }

    fn statement(&mut self, statement: &Stmt<'a>, at: At) {
        let at_inner = At { is_nested: true, is_conditional: true, ..at };
        let local = At { is_local: true, ..at_inner };
        match statement {
            Stmt::Template(template) => self.body(&template.children, at),
            Stmt::EmitRaw(raw) => {
                if !at.is_in_block && !raw.raw.trim().is_empty() {
                    self.outside.push(Outside::Text(raw.raw.trim()));
                }
            }
            Stmt::EmitExpr(emit) => {
                if !at.is_in_block {
                    self.outside.push(Outside::Output(range(emit.span())));
                }
                self.expression(&emit.expr, at);
            }
            Stmt::ForLoop(looped) => {
                self.bind_local(&looped.target);
                self.expression(&looped.iter, at);
                self.optional(looped.filter_expr.as_ref(), at);
                self.body(&looped.body, local);
                self.body(&looped.else_body, local);
            }
            Stmt::IfCond(condition) => {
                self.expression(&condition.expr, at);
                self.body(&condition.true_body, at_inner);
                self.body(&condition.false_body, at_inner);
            }
            Stmt::WithBlock(with) => {
                for (target, value) in &with.assignments {
                    self.bind_local(target);
                    self.expression(value, at);
                }
                self.body(&with.body, local);
            }
            Stmt::Set(set) => {
                self.bind(&set.target, at);
                self.expression(&set.expr, at);
            }
            Stmt::SetBlock(set) => {
                self.bind(&set.target, at);
                self.optional(set.filter.as_ref(), at);
                // Its text goes into the variable.
                self.body(&set.body, At { is_in_block: true, ..local });
            }
            Stmt::AutoEscape(escape) => {
                self.useless_tags.push(range(escape.span()));
                self.body(&escape.body, at_inner);
            }
            Stmt::FilterBlock(filter) => {
                self.expression(&filter.filter, at);
                self.body(&filter.body, local);
            }
            Stmt::Block(block) => {
                self.blocks.push(Block {
                    name: block.name,
                    is_nested: at.is_in_block,
                    is_conditional: at.is_conditional && !at.is_in_block,
                });
                self.body(&block.body, At { is_in_block: true, ..local });
            }
            Stmt::Import(import) => {
                self.expression(&import.expr, at);
                self.bind(&import.name, at);
            }
            Stmt::FromImport(import) => {
                self.expression(&import.expr, at);
                for (name, alias) in &import.names {
                    self.bind(alias.as_ref().unwrap_or(name), at);
                }
            }
            Stmt::Extends(extends) => {
                let mut names = Vec::new();
                let is_plain = constants(&extends.name, &mut names);
                if at.is_nested || !is_plain || !self.parents.is_empty() {
                    self.wrong_extends.push(range(extends.span()));
                }
                self.parents.extend(names);
                self.expression(&extends.name, at);
            }
            Stmt::Include(include) => {
                if !at.is_in_block {
                    self.outside.push(Outside::Output(range(include.span())));
                }
                self.expression(&include.name, at);
            }
            Stmt::Macro(macro_) => {
                self.sets.push(Set { name: macro_.name, is_local: at.is_local });
                self.macro_body(&macro_.args, &macro_.defaults, &macro_.body, local);
            }
            Stmt::CallBlock(call) => {
                if !at.is_in_block {
                    self.outside.push(Outside::Output(range(call.span())));
                }
                self.call(&call.call, at);
                let caller = &call.macro_decl;
                self.macro_body(&caller.args, &caller.defaults, &caller.body, local);
            }
            Stmt::Do(call) => self.call(&call.call, at),
        }
    }

    fn macro_body(&mut self, arguments: &[Expr<'a>], defaults: &[Expr<'a>], body: &[Stmt<'a>], at: At) {
        arguments.iter().for_each(|argument| self.bind_local(argument));
        defaults.iter().for_each(|default| self.expression(default, at));
        // What a macro writes goes to where it is called.
        self.body(body, At { is_in_block: true, ..at });
    }

    /// The names that an assignment binds; `set x.y` binds none and uses `x`.
    fn bind(&mut self, target: &Expr<'a>, at: At) {
        match target {
            Expr::Var(var) => self.sets.push(Set { name: var.id, is_local: at.is_local }),
            Expr::List(list) => list.items.iter().for_each(|item| self.bind(item, at)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.bind(item, at)),
            other => self.expression(other, at),
        }
    }

    fn bind_local(&mut self, target: &Expr<'a>) {
        match target {
            Expr::Var(var) => self.locals.push(var.id),
            Expr::List(list) => list.items.iter().for_each(|item| self.bind_local(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.bind_local(item)),
            _ => {}
        }
    }

    fn optional(&mut self, expression: Option<&Expr<'a>>, at: At) {
        expression.into_iter().for_each(|expression| self.expression(expression, at));
    }

    fn expression(&mut self, expression: &Expr<'a>, at: At) {
        match expression {
            Expr::Var(var) => self.uses.push(var.id),
            Expr::Const(_) => {}
            Expr::Slice(slice) => {
                self.expression(&slice.expr, at);
                for part in [&slice.start, &slice.stop, &slice.step] {
                    self.optional(part.as_ref(), at);
                }
            }
            Expr::UnaryOp(op) => self.expression(&op.expr, at),
            Expr::BinOp(op) => {
                self.expression(&op.left, at);
                self.expression(&op.right, at);
            }
            Expr::Compare(compare) => {
                self.expression(&compare.expr, at);
                compare.ops.iter().for_each(|op| self.expression(&op.expr, at));
            }
            Expr::IfExpr(choice) => {
                self.expression(&choice.test_expr, at);
                self.expression(&choice.true_expr, at);
                self.optional(choice.false_expr.as_ref(), at);
            }
            Expr::Filter(filter) => {
                self.filters.push(filter.name);
                self.optional(filter.expr.as_ref(), at);
                self.arguments(&filter.args, at);
            }
            Expr::Test(test) => {
                self.tests.push(test.name);
                self.expression(&test.expr, at);
                self.arguments(&test.args, at);
            }
            Expr::GetAttr(get) => self.expression(&get.expr, at),
            Expr::GetItem(get) => {
                self.expression(&get.expr, at);
                self.expression(&get.subscript_expr, at);
            }
            Expr::Call(call) => self.call(call, at),
            Expr::List(list) => list.items.iter().for_each(|item| self.expression(item, at)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expression(item, at)),
            Expr::Map(map) => {
                map.keys.iter().chain(&map.values).for_each(|part| self.expression(part, at));
            }
        }
    }

    fn call(&mut self, call: &Call<'a>, at: At) {
        match call.identify_call() {
            CallType::Function(name) => {
                if let ("fact", Some(CallArg::Pos(Expr::Const(fact)))) = (name, call.args.first()) {
                    self.facts.extend(fact.value.as_str().map(str::to_string));
                }
                let keyword = |argument: &CallArg<'a>| match argument {
                    CallArg::Kwarg(keyword, _) => Some(*keyword),
                    _ => None,
                };
                let keywords = call.args.iter().filter_map(keyword).collect();
                self.calls.push(Function { name, is_in_block: at.is_in_block, keywords });
            }
            CallType::Block(_) => {}
            CallType::Method(object, _) | CallType::Object(object) => self.expression(object, at),
        }
        self.arguments(&call.args, at);
    }

    fn arguments(&mut self, arguments: &[CallArg<'a>], at: At) {
        for argument in arguments {
            match argument {
                CallArg::Pos(value)
                | CallArg::Kwarg(_, value)
                | CallArg::PosSplat(value)
                | CallArg::KwargSplat(value) => self.expression(value, at),
            }
        }
    }
}

/// The texts that an expression can be, where that can be seen: a text, or a choice between texts.
fn constants(expression: &Expr<'_>, texts: &mut Vec<String>) -> bool {
    match expression {
        Expr::Const(constant) => match constant.value.as_str() {
            Some(text) => {
                texts.push(text.to_string());
                true
            }
            None => false,
        },
        Expr::IfExpr(choice) => {
            let other = choice.false_expr.as_ref();
            constants(&choice.true_expr, texts) && other.is_some_and(|other| constants(other, texts))
        }
        _ => false,
    }
}

fn range(span: minijinja::machinery::Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}
