// The credentials of the demo systems. They open nothing but the stand-ins on this machine.

export const credentials = {
  woocommerce: {
    key: 'ck_demo00000000000000000000000000000000shop',
    secret: 'cs_demo00000000000000000000000000000000shop',
    /** What the demo's webhooks are signed with. */
    webhookSecret: 'demo-webhook-secret-shop',
  },
  shiphero: {
    token: 'demo-access-token-warehouse',
    refreshToken: 'demo-refresh-token-warehouse',
  },
  easypost: {
    apiKey: 'EZTKdemo00000000000000000000000000carrier',
    webhookSecret: 'demo-webhook-secret-carrier',
  },
  odoo: {
    database: 'demo',
    login: 'handoff@example.com',
    /** A password or an API key: Odoo takes either in the same place. */
    password: 'demo-password-erp',
  },
  hubspot: {
    token: 'pat-eu1-demo0000-0000-0000-0000-000000000crm',
  },
} as const
