//! The request to stop: made once, by whoever hears a signal, and heard by all that wait.

use std::sync::{Arc, Mutex, MutexGuard};

/// A request that may come at any moment. Clones are the same request.
#[derive(Clone, Default)]
pub struct Stop(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    signal: Option<i32>,
    listeners: Vec<Box<dyn Fn(i32) + Send>>,
}

impl Stop {
    /// Asks everything to stop; the first signal counts. For an ordinary thread, not for a signal handler.
    pub fn request(&self, signal: i32) {
        let mut state = self.lock();
        if state.signal.is_none() {
            state.signal = Some(signal);
            state.listeners.iter().for_each(|listener| listener(signal));
        }
    }

    /// The signal that asked to stop, if one did.
    pub fn requested(&self) -> Option<i32> {
        self.lock().signal
    }

    /// Calls `listener` when the request comes, or at once if it has come.
    pub fn listen(&self, listener: impl Fn(i32) + Send + 'static) {
        let mut state = self.lock();
        match state.signal {
            Some(signal) => listener(signal),
            None => state.listeners.push(Box::new(listener)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no listener panics")
    }
}

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stop").field(&self.requested()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_request_is_heard_once_whenever_one_listens() {
        let (stop, (tell, heard)) = (Stop::default(), mpsc::channel());
        let early = tell.clone();
        stop.listen(move |signal| early.send(("early", signal)).unwrap());
        assert_eq!(stop.requested(), None);
        stop.clone().request(15);
        stop.request(2);
        stop.listen(move |signal| tell.send(("late", signal)).unwrap());
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [("early", 15), ("late", 15)]);
        assert_eq!(stop.requested(), Some(15));
    }
}
