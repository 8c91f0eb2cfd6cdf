/** The pipeline of push: `startDelivery` runs it on a work queue. */
export { type DeliveryDeps, startDelivery } from './delivery.ts';
