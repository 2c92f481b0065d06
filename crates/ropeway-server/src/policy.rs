//! Room rules of the configuration, as the hub asks for them.

use std::sync::Arc;

use ropeway_hub::{Access, HistorySettings, Policy, RoomSettings};

use crate::config::{Config, Pattern, RoomRule, Who};

/// The first rule that matches decides; a room that no rule names is closed.
pub(crate) struct Rules {
    /// Shared by all rooms of a rule.
    rules: Vec<(Pattern, Arc<RoomSettings>)>,
    closed: Arc<RoomSettings>,
}

impl Rules {
    pub(crate) fn new(config: &Config) -> Self {
        let rules =
            config.rooms.iter().map(|rule| (rule.pattern.clone(), Arc::new(settings(rule)))).collect();
        Self { rules, closed: Arc::default() }
    }
}

impl Policy for Rules {
    fn settings(&self, _namespace: &str, room: &str) -> Arc<RoomSettings> {
        let matching = self.rules.iter().find(|(pattern, _)| pattern.matches(room));
        matching.map_or(&self.closed, |(_, settings)| settings).clone()
    }
}

fn settings(rule: &RoomRule) -> RoomSettings {
    let history = rule.history_size.map(|events| HistorySettings {
        events,
        bytes: rule.history_bytes.bytes(),
        age: rule.history_age,
    });
    RoomSettings {
        join: access(rule.join),
        publish: access(rule.publish),
        presence: rule.presence,
        history,
        ..RoomSettings::default()
    }
}

fn access(who: Who) -> Access {
    match who {
        Who::Nobody => Access::Nobody,
        Who::Granted => Access::Granted,
        Who::Users => Access::Users,
        Who::Anyone => Access::Anyone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_matches_decides() {
        let rule =
            |pattern, join| RoomRule { pattern: Pattern::new(pattern).unwrap(), join, ..RoomRule::default() };
        let rooms = vec![rule("a:1", Who::Nobody), rule("a:*", Who::Users), rule("*", Who::Anyone)];
        let rules = Rules::new(&Config { rooms, ..Config::development() });
        let join = |room| rules.settings("/", room).join;
        assert_eq!([join("a:1"), join("a:2"), join("b")], [Access::Nobody, Access::Users, Access::Anyone]);
    }

    #[test]
    fn rooms_without_a_rule_are_closed() {
        let rules = Rules::new(&Config::development());
        let open = rules.settings("/", "demo:lobby");
        assert!(open.presence && open.history.is_some() && open.join == Access::Anyone);
        assert_eq!(*rules.settings("/", "lobby"), RoomSettings::default());
        assert_eq!(rules.settings("/", "lobby").join, Access::Nobody);
    }
}
