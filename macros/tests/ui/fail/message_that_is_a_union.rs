#[wirecall::message]
union Bits {
    whole: u32,
    half: u16,
}

fn main() {}
