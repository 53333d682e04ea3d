//! Generates the table of unary methods: for each request its method's path and its response.

use std::fmt::Write as _;

use prost_reflect::DescriptorPool;

/// The source of an `impl Rpc` for the request of every unary method of `package`.
pub(super) fn generate(pool: &DescriptorPool, package: &str) -> String {
    let mut out = String::new();
    for service in pool.services().filter(|s| s.package_name() == package) {
        let unary = service
            .methods()
            .filter(|method| !method.is_client_streaming() && !method.is_server_streaming());
        for method in unary {
            // Writing to a String cannot fail.
            let _ = writeln!(
                out,
                "impl Rpc for v1::{} {{\n    const METHOD: &'static str = \"/{}/{}\";\n\n    \
                 type Response = v1::{};\n}}\n",
                method.input().name(),
                service.full_name(),
                method.name(),
                method.output().name(),
            );
        }
    }
    out
}
