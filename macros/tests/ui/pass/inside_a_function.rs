//! The derives work where the enum is local to a function.

pub(crate) fn main() {
    #[wirecall::message]
    struct Item {
        text: String,
    }

    #[derive(wirecall::Service)]
    enum Items {
        #[rpc(returns = Item)]
        Find { text: String },
    }

    struct App;

    impl ItemsHandler for App {
        type Context = ();
        async fn find(&self, (): (), text: String) -> wirecall::Reply<Item> {
            Ok(Item { text })
        }
    }

    let _mounted = Items::serve(App);
}
