//! Who is connected: in all, from each address and subnet, as each user.

use std::net::IpAddr;
use std::sync::Arc;

use super::Full;
use super::crowd::Crowd;
use super::headcount::Headcount;
use super::subnet::{host, subnet};
use crate::config::{Config, Networks};
use crate::peer::ClientAddress;

/// Counts connections up to the limits.
#[derive(Debug)]
pub(crate) struct Population {
    all: Headcount,
    addresses: Crowd<IpAddr>,
    subnets: Crowd<IpAddr>,
    users: Crowd<Arc<str>>,
    exempt: Networks,
}

impl Population {
    pub(crate) fn new(config: &Config) -> Self {
        let limits = &config.limits;
        Self {
            all: Headcount::new(config.server.max_connections),
            addresses: Crowd::new(limits.connections_per_address.at()),
            subnets: Crowd::new(limits.connections_per_subnet.at()),
            users: Crowd::new(limits.connections_per_user.at()),
            exempt: limits.exempt.clone(),
        }
    }

    /// Connections there are.
    pub(crate) fn count(&self) -> usize {
        self.all.count()
    }

    /// Ends when the last one has gone. Cancel-safe.
    pub(crate) async fn empty(&self) {
        self.all.empty().await;
    }

    /// A place for one more connection of a client, until it is dropped.
    ///
    /// # Errors
    /// The first limit that is reached: [`Full::Total`], [`Full::Address`] or [`Full::Subnet`].
    pub(crate) fn enter(self: &Arc<Self>, client: &ClientAddress) -> Result<Place, Full> {
        if !self.all.count_up() {
            return Err(Full::Total);
        }
        let mut place = Place { population: self.clone(), address: None, user: None };
        let address = client.ip.filter(|address| !self.exempt.contains(*address));
        if let Some(address) = address {
            self.enter_address(address)?;
        }
        place.address = address;
        Ok(place)
    }

    /// Counts a connection as one of an address and its subnet, or as neither.
    fn enter_address(&self, address: IpAddr) -> Result<(), Full> {
        if !self.addresses.enter(host(address)) {
            return Err(Full::Address);
        }
        if !subnet(address).is_none_or(|subnet| self.subnets.enter(subnet)) {
            self.addresses.leave(&host(address));
            return Err(Full::Subnet);
        }
        Ok(())
    }

    /// A place among the connections of a user, until it is dropped: for who learns only from a message who its client
    /// is.
    ///
    /// # Errors
    /// [`Full::User`]
    pub(crate) fn enter_user(self: &Arc<Self>, user: &str) -> Result<UserPlace, Full> {
        Ok(UserPlace { user: self.count_user(user)?, population: self.clone() })
    }

    fn count_user(&self, user: &str) -> Result<Arc<str>, Full> {
        let user = Arc::from(user);
        if self.users.enter(Arc::clone(&user)) { Ok(user) } else { Err(Full::User) }
    }
}

/// One connection's place in a [`Population`].
#[derive(Debug)]
pub(crate) struct Place {
    population: Arc<Population>,
    /// Under which it is counted, unless it is exempt.
    address: Option<IpAddr>,
    user: Option<Arc<str>>,
}

impl Place {
    /// Counts the connection as one of a user, in place of the one before.
    ///
    /// # Errors
    /// [`Full::User`]: nothing has changed.
    pub(crate) fn set_user(&mut self, user: &str) -> Result<(), Full> {
        if self.user.as_deref() != Some(user) {
            let user = self.population.count_user(user)?;
            self.leave_user();
            self.user = Some(user);
        }
        Ok(())
    }

    fn leave_user(&mut self) {
        if let Some(user) = self.user.take() {
            self.population.users.leave(&*user);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave_user();
        if let Some(address) = self.address {
            self.population.addresses.leave(&host(address));
            subnet(address).iter().for_each(|subnet| self.population.subnets.leave(subnet));
        }
        // Last: who waits for the end of all finds nothing counted any more.
        self.population.all.count_down();
    }
}

/// One connection's place among those of its user.
#[derive(Debug)]
pub(crate) struct UserPlace {
    population: Arc<Population>,
    user: Arc<str>,
}

impl UserPlace {
    pub(crate) fn user(&self) -> &str {
        &self.user
    }
}

impl Drop for UserPlace {
    fn drop(&mut self) {
        self.population.users.leave(&*self.user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Cap;

    fn population(change: impl FnOnce(&mut Config)) -> Arc<Population> {
        let mut config = Config::default();
        config.limits.exempt = Networks::default();
        change(&mut config);
        Arc::new(Population::new(&config))
    }

    fn client(address: &str) -> ClientAddress {
        ClientAddress::direct(Some(address.parse().unwrap()))
    }

    #[test]
    fn addresses_and_subnets_have_their_limits() {
        let population = population(|config| {
            config.limits.connections_per_address = Cap::At(2);
            config.limits.connections_per_subnet = Cap::At(3);
        });
        let enter = |address: &str| population.enter(&client(address));
        let _held = [enter("192.0.2.1").unwrap(), enter("192.0.2.1").unwrap()];
        assert_eq!(enter("192.0.2.1").err(), Some(Full::Address));
        let third = enter("192.0.2.2").unwrap();
        assert_eq!(enter("192.0.2.2").err(), Some(Full::Subnet));
        assert_eq!(enter("192.0.2.3").err(), Some(Full::Subnet));
        assert!(enter("192.0.3.1").is_ok());
        drop(third);
        assert!(enter("192.0.2.2").is_ok());
        let _held = [enter("2001:db8::1").unwrap(), enter("2001:db8::2").unwrap()];
        assert_eq!(enter("2001:db8::3").err(), Some(Full::Address));
        assert!(enter("2001:db8:0:1::3").is_ok());
    }

    #[test]
    fn who_is_exempt_is_counted_in_all_alone() {
        let population = population(|config| {
            config.limits.exempt = Networks::loopback();
            config.limits.connections_per_address = Cap::At(1);
            config.server.max_connections = 3;
        });
        let enter = |address: &str| population.enter(&client(address));
        let _held = [enter("127.0.0.1").unwrap(), enter("127.0.0.1").unwrap(), enter("::1").unwrap()];
        assert_eq!(enter("127.0.0.1").err(), Some(Full::Total));
    }

    #[test]
    fn users_have_their_limit_wherever_they_come_from() {
        let population = population(|config| config.limits.connections_per_user = Cap::At(2));
        let mut one = population.enter(&client("192.0.2.1")).unwrap();
        one.set_user("ada").unwrap();
        one.set_user("ada").unwrap();
        let by_message = population.enter_user("ada").unwrap();
        assert_eq!(one.set_user("ada"), Ok(()), "it is one of the two already");
        let mut other = population.enter(&client("192.0.2.2")).unwrap();
        assert_eq!(other.set_user("ada"), Err(Full::User));
        assert_eq!(other.set_user("bob"), Ok(()));
        drop(by_message);
        assert_eq!(other.set_user("ada"), Ok(()));
    }

    #[test]
    fn nothing_is_left_of_a_crowd() {
        let population = population(|_| {});
        let places: Vec<_> = (0..1000_u32)
            .map(|number| {
                let address = IpAddr::from((0x0a00_0000 + number * 77).to_be_bytes());
                let mut place = population.enter(&ClientAddress::direct(Some(address))).unwrap();
                place.set_user(&format!("user {}", number / 3)).unwrap();
                place
            })
            .collect();
        assert_eq!(population.count(), 1000);
        drop(places);
        assert_eq!(population.count(), 0);
        assert_eq!((population.addresses.size().0, population.subnets.size().0), (0, 0));
        assert_eq!(population.users.size().0, 0);
    }
}
