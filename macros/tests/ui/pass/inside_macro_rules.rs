//! The derives work on what a user's own macro writes, whatever parts of it were passed in.

use wirecall::{Events, Reply, Service, ServiceError};

macro_rules! crud {
    ($service:ident, $name:literal, $item:ty, $field:ident: $key:ty, $error:path, $(#[$meta:meta])*) => {
        #[derive(Service)]
        #[rpc(name = $name, error = $error, events = Changed)]
        pub enum $service {
            $(#[$meta])*
            #[rpc(returns = Option<$item>, idempotent, serial = "id")]
            Get {
                $field: $key,
                #[check(length(min = 1))]
                note: String,
                id: Option<$key>,
            },
            Put($item),
        }
    };
}

macro_rules! item {
    ($name:ident { $($field:ident: $ty:ty),* }) => {
        #[wirecall::message]
        pub struct $name {
            $( #[check(length(max = 9))] pub $field: $ty ),*
        }
    };
}

macro_rules! failure {
    ($name:ident, $code:expr) => {
        #[derive(ServiceError)]
        pub enum $name {
            #[rpc(code = 7)]
            Gone { id: u32 },
        }
        #[derive(Events)]
        pub enum Changed {
            Item { id: u32 },
        }
    };
}

item!(Book { title: String, subtitle: Option<String> });
failure!(BookError, 7);
crud!(Books, "books", Book, isbn: String, BookError, /// Finds a book.
);

struct App;

impl BooksHandler for App {
    type Context = ();
    async fn get(
        &self,
        (): (),
        _: String,
        note: String,
        _: Option<String>,
    ) -> Reply<Option<Book>, BookError> {
        Ok(Some(Book { title: note, subtitle: None }))
    }
    async fn put(&self, (): (), _: Book) -> Reply<(), BookError> {
        Err(BookError::Gone { id: 1 }.into())
    }
}

pub(crate) fn main() {
    let _mounted = Books::serve(App);
    let contract = Books::contract();
    assert_eq!(contract.services[0].calls[0].docs, "Finds a book.");
}
