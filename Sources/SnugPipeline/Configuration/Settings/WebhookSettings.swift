// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem

/// The settings of the address that is told of each job that ends.
enum WebhookSettings {
    static let all: [Setting<ServiceConfiguration>] = [
        Setting("webhook.url", show: { $0.watch.webhook?.url.description }) { service, text throws(SettingFault) in
            do throws(HTTPError) { service.watch.webhook = Webhook(url: try HTTPURL(text.text)) } catch {
                throw SettingFault(error.message)
            }
        },
        Setting("webhook.secret_env", show: { $0.watch.webhook?.secret?.variable }) {
            service, text throws(SettingFault) in
            let variable = try SettingFormat.text.parse(text)
            try change(&service) { $0.secret = .environment(variable) }
        },
        Setting("webhook.secret_file", show: { $0.watch.webhook?.secret?.file }) { service, text throws(SettingFault) in
            let path = try SettingFormat.path.parse(text)
            try change(&service) { $0.secret = .file(path) }
        },
        Setting(
            "webhook.allow_internal",
            show: { $0.watch.webhook.map { SettingFormat.flag.show($0.allowsInternalAddresses) } }
        ) { service, text throws(SettingFault) in
            let flag = try SettingFormat.flag.parse(text)
            try change(&service) { $0.allowsInternalAddresses = flag }
        },
    ]

    private static func change(
        _ service: inout ServiceConfiguration, _ body: (inout Webhook) -> Void
    ) throws(SettingFault) {
        guard var webhook = service.watch.webhook else {
            throw SettingFault("has no address to belong to; set webhook.url", base: "webhook.url")
        }
        body(&webhook)
        service.watch.webhook = webhook
    }
}
