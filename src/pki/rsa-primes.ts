/**
 * RSA primes for emulation, base64url, two to a key. **They are public**: whoever has this file has the private keys. They exist
 * because making RSA keys from a seed costs seconds, and are never to be used on a network that matters.
 */
export const RSA_PRIMES: Readonly<Record<1024 | 2048 | 3072, readonly (readonly [p: string, q: string])[]>> = {
  1024: [
    [
      '8ODPAVEeBmVxg3yK0BaSXwNlpblmXVkxWR6eN-STCkMLdfYja7SIarGFIIiCwNayXElyw2gLKVarRg4T5Htmpw',
      '3-r_S1iK72QjDoO-yR2WXkwQ29eQxOEUUFYf1rJs5GEbN3PG5aQLxWnBGoi_Buv3D2nwvM9vf0S7k5F4bMxzYQ',
    ],
    [
      '9ELRIvqc5sJbHY6oGlWyY_ebyGFOUxZQI_UMWKd0-mHI3aBnYOl_oSIbfwEa6UP5zpRffLlJgZ57xd5VWDp0SQ',
      '7uXdztwBWrsPudx2v_a6WgScIRBQzvswk-NFvJeNVxTyCHOsU_527kK_siib5tAsLrWG8VHfsUmmi6auYrAPDQ',
    ],
    [
      '-_163ynP-CFnQMJYGOf8W8Ddtd_sDyFmjeixYKpvwAsDkIB4qASl_h4zagZeZ0yTBMh1FcBWxJ-FWYF4yv_ujQ',
      '7TbmRNk36nD2LHM5ZPLzp6UcXS5QKYJsIOUQhV1ehQUvyBEZbOFh1eyICMAfExz-CWMUrLsglJgouoohz4ryzQ',
    ],
  ],
  2048: [
    [
      '_c5FBOmQcOAqVGdWRiOq1m4zRguSWs2XaLnNmqcoCpGIfpC3zJSBAOKER2bxcX7ZWqyNzbv11uo_OPTBo9fDTr8DqIsCLE8wAPHzbZZOu-AU' +
        'i3JHi9mtqZeqz4fRnSpUHSOvr3F681DT2l_UC7Z0shRsLcW3jgxzeRagqlz4yDU',
      'w5Ak3bToa1L22QQB46J3pW4gRhIr0INP7RU5nJUHgOEfg0Gz_bWEjCgK-lEsZRbiyF_eIJrk4gpjrvFawtIiKXzgHU_F0L985PTmTgdb6J7B' +
        'ZvL5of1Z9GwJO2i5hsGl_KBJ4kOAT876gMmODVm-6vGhxnzcjNG9kVYVKbV22Xk',
    ],
    [
      '-Hz0uubTe0MeDK_Iy2y67ea8elKxe987snFJ78t9zSdL5lHPtGClxouWcGmJLHb08a9UQmtHUE9xA3FYaa7DNUMVQJACuHSe0AaLcjMNZRNH' +
        'kgcVw1ZJJIb9wffVJqbFulfgPjy91CKcPJOR8Dzj-2gL4um8VgVS_nbpxRrkRC0',
      '5kMrJYz19QYULtDz1OmvLvia-mlhrhZXVHvNvSseSdEIlC-42lrBrsiFFzCe6R95r6q1vkmGtW0vrRpJsC-nAXAyBd3nIVBYrcwMJzeUymm8' +
        'uFQRIPMradYDs3uvzT7RA58deSikbGVSuD5Zh0NQjRy9_XKqpFZHF91VaowGca8',
    ],
    [
      '4k0Bj9jCY1Ohm5DnVZpOrW15AffNCWZX5KBEqyoAXX6rVmLas7cSxMpvjOzgF-OrFlnXNI5ppPKnU3-hebeuLWAxC9UblO8MPWZ8HNiXanSE' +
        '8x5eMvPiWLBeV_OL24PRXO5_WIwbmz7ND5LekinC5-WWHqDP3Vnn05a-62eXo1M',
      '2ExTHU6ehnwpz5jGMRaJPC2iDXpfOL_UC0KAc7fonNV1_xTV2ti5_Z8A5jHNwDMCXWM5cP2euUltZaGpCCFbDlzfXeFAsCK1iJ3086wrNv5k' +
        'dI8HlabmC5-zLBB30-0dSv69PGu7c1Z-aIPOa4sIeQ2Gqpx-Mwzcti_sXHgGq_s',
    ],
    [
      '9_ZMqisffhQ0PESY-RlqYHw78lyLBBqgMd5kd7Zga544seZrW6ReRadz9FilsEaA8FmSML_zy2uTESl88MrXRwfLYDcTZq0eupDWxgy1nqFQ' +
        'ijuvsUhG3dk0fJ8x7vfoP6nMz1_OF7kvrmKSm2EmpcyeDQOXfR5FlCY4ieOcGLE',
      '0HGrnw0KgCZa4P7HdEnXSGXPbIshj_3Z9s6Y7gRbYuMntFLPC0Wx-_aawV9iKWv8ZmtUw31zR9wp732p5TGClfZ4Zhtdur-y28exKKWAK_9e' +
        '3Or3IWTcNFn_lXNRlQcUPIK2jvmY9DbZlm6b-gGpQ8kCzROSpdqqwWFM43q39k8',
    ],
    [
      '7S_vYXKeh_Mk5TfKiZuJCVooPvmYBeDSgzEni_70npoJmOxyOHOsE_iPIH_-APt1qVIHY9nRpPLBKqf2zaXaJc7hj7wzZYOHGsCIlcQ00LhM' +
        'VsUsBR6t1eRy_xrR0dxM68v1F6H4m6xJwvwcz5YWNDy8KA4PUxAWPW__Ru9n-dc',
      '3oG2y51nf2VpiOebW55OloAno3zmranhNCfToVZTVr8e-Nrrissq3lmBdafa2f7-RXOl0jOsUD0jIcS42z2mkc_rhKNF4Xqz17hRhqJdGOlt' +
        'Y3EEbkl775wZRZzZ0cgKwYq_fT3m0pDhcMcruhZfyc3Hf8M5DrPH97sx-ol8QkM',
    ],
    [
      '458cCD6ZpfmBvt-06392lEZd0QegkqcPr4pqjCaC1WWvcWNl7hXNVjhPzUVemxuYUGJqM4FzInzNu_zcLA4lVmGihmq5lfZcWbLAEeJb0jDr' +
        'GtBK6DrKQakhON2CUh0JArAk--IceCnwElAr9JC061A99-kxeSIGsy07N0Vc5rc',
      '4FWBTARIc1VW-9f0QZQeXcDiiwQTTKrIQOd_O0uSOihTJsy8Gdp_1b_NnLiMjnbsRhB4Y5Ub9zwMqvK8uINgq8P1MfiHJVEOdyaKbnzj3OE-' +
        '5I_a749kefEP5Gj0cbbp-FDtbAoZnt7sTYlZkQ711TSj02CWJysFjrPcP-dBknE',
    ],
    [
      '_rY4cTnw3QXybPqbl3yuCffUSh-Oh2LCW3Tgqqxex0M0hQIpJvi1i20ypxToc2QpH72QERahOEtF7eflJLmoPRkhMMn0l0_wxUnhQpj2-Qxw' +
        'B9Zkub7B_GdJgoxLP-KzMGYyllh4B71rlwLt8O5jNldFbAlZsmFakIJCA3Cjcvk',
      '9lywqJGG371fzoLDHp4BUdhNl-Q2OQZdgj04lfk_b4p0ytSOMqzVb7QwKbqoqv6Rw2IPxIJzSAfXSag_1p1jCAs3xaIqW7EvbkE8njSJkDfq' +
        'Wc7Ba3EGOqjPw2url55QYQyfnbM9G4der5mz1fAi9-RCUNr2C_7EAX7e_i9Zje0',
    ],
    [
      '-SP0u6XYCDP1AkSzKY8GELJeXBa8wbkLFIkeKdBI5yr_YqtaY7Zx9-u7A1C_utUzgqDre32B1fBbvwJOeLmBKtKNik61oBsyZq6hhCvnCXBA' +
        'GtttYlTR2MWXY2tezd57f7YUAuVRtLMO9fQunqePqmrZfbqeFpAB1o3_NEBNq_0',
      '4zNCFEp8QcQf1aU_gls80I0uQaE4A8K4DDstjTaoZ0AzCJ0u1yCKbQcZD2mwlcLQoOAikHD-IOG1LWet4XfUsaNe60MAwXSaNKcS2tzBh78B' +
        '8QV0znG43VFGfrfX1TgXNJR7l5ZvnvmpXti8-kPxFChPoF-0jQB5hmCjoC18IdE',
    ],
    [
      '9eOAd9EmjvFoYvOTJGYmgNb-S5Zfeg0UzS19rtOZ5HoHVr5d6F5HN0B_kAtR5F0hkerFx5Dvndz3yxZKd1vK-77WjjpICnqdoDZgvs3rpXyQ' +
        'CmaWEKcT_1E4aiAR67F9aXW0yVXGrd49XRcflRnDryhYDCnxBjjLvQhzILHv5PE',
      'ytwnT3BqRiCk_9LLaSSCHAXKMnlZG-GAZzUUAPPd7Dk99liL_cW1IzenytFaYgbLyirhJq5BlHeXC-tO7eluOL6WCL8GQUyJ1wW7WiEEJtKu' +
        'jMbLK2KLVFVZHPjJaVuEHT7IeTd8i2Dt-m9JMXBqh5kZA3UgMSLwkvicHG-TVcE',
    ],
    [
      '58uBbF6YcCuhL6_8elOJ3NhZmhh6yQhqWuMhnmXWX0q7X6GPLT2iRHatELaUn48Vxqu8a_JhRrSzycnbdlmCXnLxO0ojeADGqSM3s0fr548e' +
        'ZSm4KsihZJR4sktDdMzMKYlEhFlfjogaS5c-lAWRwmEXPDv6PBZ4_UP9eEoqnNs',
      'wgAx9TvdrXk18DGU3hC5O7D7Lq6onHd_UDfb5lh3DQdvarKwXFIVYCLZREfU4JFwip73fku5rf7Mh9RLVrto7ZZ2Kceil_OX6bcP-dALDOHk' +
        'JC39WkEmIke3oVJFw6nGZt6SHMX3ZfMje5hNeMwv_Z-GVHua-4XGjd59yxklI4c',
    ],
    [
      '1YWHrCUNuWQ1AC7NrLiIUzaaTEiUaFOaT072rzym1Mstw6Ojad4Y_TtWa4TC9tm8V_3ZtkRA22Zyd0ugUCd5f7fxb2uYZF8OvyM313yzst8x' +
        'nkzPrwdqbvADlqTJ2AKYe6WuvXnOSl5z061bSc9wt2nC1156HCyrPXE-t9gxcvM',
      'zoI4e9jEtePhVa0ObwTLPT899GrAsc52CjaW_LZ-K7c35nzJiBL-B2_6vLuTLoWVTOvkTn88rpIoOT21lEE4AL-tP4VOKpnUZ8DTxDbWvo1f' +
        'HRtwiVeUNw4TStPACqlmruRiAATk8aDh1vBVAPmTq6LUQ9K_nZKUAkCNj7_7aq8',
    ],
    [
      '90FIlZ7IXeCkR9w-BjubJnkONTHnHpa2d7j8ZQ80FO3aKAV3_tz6kfmGaeboIXrB1nD2Uoh6dVR5nribkKG_AEikWZIJZn9i41lMKOoTKiyJ' +
        'uAPSKG1L0DFrfjlOnYpL2w8hU9M6tCfDHm4OVNMMYBFBmE3jVmKKLyXD_crCP28',
      'uJBHC0_dkeJobjNPk7iW0lmrHsJscbgn7P8bc8CLIRA2Z_P8eCmoaP4XT1mi9g5h4t0VRlHWYpYLbuqtzOoGYHtgKCQCHYLA9EYLFMu358LO' +
        '0ISu646nBG5a6BTVfWUcZ-j0PZWdjd8C7IYcUg6A49GIc4XsiGvhb2Tl09edqCk',
    ],
    [
      'yFcj8i-DxkZLOgLBGIrUW9pY1D81ZByq99GCGiunUW46cepWulxRg5owmltLCgeKoLzz-jgWLUbuMXL6rz7Qj46pSuJZslpTpxkHAo7UI52g' +
        '0fIpRaHVW7qFHJgYMlU6o_2ehrazLG3B9dEKMaHXVmeWIsB9AOh0Pc0LKmhT-3k',
      'x1P8LLxv1jGZ3R7z6UmIFvaeIEOmeIk5Ks8D6SvznNcFk-BTocIDj8s9J3r1bd4XEZfN9TBo9-HzP0UHMuhyqWj9cpon6KAqMpJU2BzROHhu' +
        'tx8ge6k6hpPY_jmOR38PFSKzay6SLIllcNnO_WIa5kXRQQjWW_mux5ZifvufbhM',
    ],
    [
      '5AxEiALnhg9hFaqG6_medJpopPCylhUpzyatcmnsDLEbAjETnJuqyJ6F2hj5Q98i0EPl2koO045XBc4yTypD3vy5zjgEyxbXXz-yuk7Stvwv' +
        '2o4xI7byRLS9gn8Rk9Oy47g0uoAbUWLSp5kMt-6A_o9IvbDRSD2Up43o9rWrCBU',
      't0S8kF5XIhx47UdsiYsuwsxvZVg7Es0B45DjQufN_0mkORA7BG2pX2cxHhsVN-Uw3oplF38-eOU3JA38KXX2Bz7rfwqdJTx9N2O5mSJWjrnx' +
        'CPLu4LIpzfnmwwzD617IxB1mZs629QOP2ibHv_k1Go-4TwDRvMRHTNJYQzR_Ruc',
    ],
    [
      '4ZvRWfJlzAAUFNQRdajFXQ943By7iFjsPcxCk3H5zI9UenuRvrR3GuSSj0Gwfsx8ZFrDsANpM11Rmyu-obizHBdAJ_IU8yCVDhTWaUflSpf-' +
        '0-N5CpozuYMnUVclkwaHisZxmjGelHShcbhjmGlIrm1ke8TK5uaVzVO9kHemOW0',
      '132H9jG4rWJiFAsh9l3PKUG2vXhUpgMosfNO4mH2JC7PhxWVbkwBNb6T3dZdYk8f2w_GBjXH1CbvOrM5mlhj6xhOGCeIXa7O5MlkW8T5zEZl' +
        'dt-ujSRTN1QeY69q1LN4waNk-hd_u11cTP_VvilndlEeIZ1HjaA3LmJk34LcqDk',
    ],
    [
      '6uPU6e05rLvkWVFKViiouAjAI-Q73T7bFVOPfD6k_V1eqF_OZ2jYlJo46gKfdmoO96gn5stVk5jqy2ETsdCjcp4Ff0XjV6hpF8mtf97D7gNo' +
        '_YTQSKUfgDPEogQ5JAxnvnkT8s4wPPkWXgQgrtYhEgbd9QxbZ0zT1CVS8HKmCCM',
      '1SLp2wed4oyB0Vhp_NAlrlN7byW1b_wbQglLyCMQHaYHoH0Iku5ep24udAjAp3lXWhgr4RI1H-PQaeWJuYFWRKyg8Tv6eUrAwMjRwYL3Xf_6' +
        'Ek8dOC08DtgyXBVmIs4eTIqv5NsUmRdLSVvZ4-cZ5v5MMfeySpLMoF_-dpIjkZU',
    ],
    [
      '3kP_6oi4pbRuqRos6Tej61bHfG4Yfbo1KICUB1APNVEsC4-YnycIkD1Klv1kLPycmlPaq77ukOhu_Se-X_SS7oGMcIiICPKvdPhDpfuYuXiD' +
        'eVDOsD-PNLDzH_3IJ_ADgTkrhqjv13nGQGnnX9C-f7Hnw-6aUhYxjsSgGIGov1k',
      '10A7jk61ROEnr2u3bXznI0pQOiEoS2dmfn2fjchJguhbW6IivyIs9OBR_GXqlRrENWRzTgmb-0r3AwPn1dvnvn-yZ4LBr_BJqU1cIMDY9iKs' +
        'DdDytkmTTaDokHWaXy-naGdkhKBh92YtenL_PKP2-Sx9IXu6D4f-eXs14yMLl00',
    ],
    [
      '2aUQ8_I9EFQVY1MpGjDRgW0zkD90O3ekR-gpNsmVJWFIH5XmimIOalCcFZMguxR1c47jd2MQRlnc9NKfUTkR0nEs61IZlzwPOsk9yZg3_KvX' +
        'EnAffOdNDrfFMKNQHbMrlOgyguj4ySKCVtsC6o9IK9SO9GhD4Un8VqO4QmIYO-8',
      'yK0_dL_8TJbQLg7eb3RP9FeMonN7HX4nioMRE2NuInBkUKBPsfgPSA12b1Tc5LFQ3ubHsZ-ThPH_ojuGKNRCstREXdy-De1CYZxcNzegVhL2' +
        '-kA7Bw83V8B7Nik46cmO01cuuEtYIbdzmaOUPK5Oy5ETCn-sW5sC82_BZVPKK_k',
    ],
    [
      'x-DCb7UyoLQFV9wTAdJXmlvk7U6-ksUS_Tt7JweoFJEgcNVsaeb-gPkLz_cS7HMBtZg1oozbo6zhfE4MFx6vV6JsuM63b2AcvNh4LfZ2CspZ' +
        '8ORZaQXEWmp7cUD_Hm3c6Lc4crJ4Zl6ZefWJ3vbX0xP9ozFPW3IrK2YW9137oyM',
      'tewh1rvXNmpzLdErDmHm-JJv-n1m7biUhqqxDRJzW10YMRH10TSxlWWix6AAm2lnOcqjIUY59ulFPXEtve9kkL1C-vUdNGguFMljebs1A-2J' +
        '6nR8ZbgedNZPwX_0NXma_1uegAY17lEtTZgpOk9ZR_ionGx10qdI9EhZ6yE3hqk',
    ],
    [
      '4FmlD8UHbWLTTkz2rXQZJ_iJtFluSZP_kH8xZd2rMbMo87ebyR5myz_K7Dw7NaDaZwfV_D_LGT1zcd11eXR5QWzcUOaWu0Vr957YNkKZM5Ws' +
        'w1u8rX9rLE8ZuAg-j1T1yDHkl0Lo1VZbmqa5XRkewC3fYEvihEbqdXFNjqELbbk',
      '1fG-mjaUVMroNh75nX7Tankw0hi5lIpyqkfK04py-OGU63eRs7pBdjPYyYYAy4GhVtqqbeo8KoQ2C63KK4SOtW15aUhm3J_i7Ro50fR16fWq' +
        'LlTWoMKHofG3SKtVFCL85QAbemBl97X16FbDxHwY2jufXJa9Ocdskeh6lR0gKxE',
    ],
  ],
  3072: [
    [
      '1VM2_-OJvXO53LZap7lMVtyjsBY_Lr6Al6aoDbxCyF_X-Bi78r4cX37CZM7YG_aQqDJuQjnlwJkhO4LwSIH28LNmgkI2MCy4y95Nx7z4R6zF' +
        'X61ZcmSGmp-LoATD4g3Bh1AdlJ6ew-VCCL65VI4IwG-zwaAKoqIHFkkotpbmsoFJ_fP6odDCoVa9QqoW5VvepaWIx8hn-AUdtFvUl0RIOPfw' +
        'Nr9hcPyp_cjfFXFNFeRFFCuuhx75WN_61ZMt44TB',
      'vFFMq0cM0w4joZwAsIY-ATP0IdX5eLdkzhGr_yAKiWkL49FDEzGd-ZBWbUyJqt-LteaTzegiBLeTxzX4bUzBNt0ikGmkz62CVZpV0ZADcHpn' +
        'mTsyn0mqPhl59VpT7W5z6XHKiI2xdcn2ChQOi2LGj3DopJfvkxa-A-3yIjZuvsE5r1BeUuqlvxLmfXtBDe9gjxNSTTwkmHf69TqsSN3e2Ve_' +
        'DKgzFn-uK8F_sZq9mETlXHmc22Tt59sjXEwsHeIr',
    ],
    [
      'yR9iQgf2jeMLcJ9iHImdG1RNi8TMrtztYW0N-tved1V5yCelvl-LvQRF-L6GUsuWqSTX7v9GpyE_4myGFdIWlo--UkrAGTnRNO39i2nw5XXv' +
        'UdcMKKYufe5PyucZj8nFeHZSc5mIxLEja2afVJsjeodZpC7aR4Pu4gZYoViTXAWiktfG7QABTALsrvleTq5Q6K1JIAMrdAPTBAyTQNfygQLk' +
        '1PrRa5X1tHb_ZGWPejHjkJiRDhyKSnK8Y94d7YHn',
      'xiRTzCuO08Vdco_O9oJdaDyFVCJr5b7oJYvz2HHF-UKN0eDt8_FAihoS_lAswT_21HkPcrX7Z0oJRxZNBsv8DHeuZsdaQ3OHhllRhf6qrrxC' +
        'QSFNnc3owVPIh_TeqnrXohnGv5adrEaz937ONCwMQausYZA8pul0HmyUuIjGjsUo6CB7lszQGjbEGgwdCmFPTV3Dl-HUIQZ3rZUuNLIG1lXt' +
        'hjUvysxYZd2-t1spgmhHYPso-tsmZmVr1_UIWbaZ',
    ],
    [
      '8pY2Hy03NLrErepCkClQS-Q062q0YeBO9NusBbkwpFA_jEoBfwsrK6WjFHvA9f7X6ji2fooFPVGcI4vIkBncLnoalJvghoN6BETc44IC6cVN' +
        'Hv6MjS2rqbIJbLo72Fkl-QXb2uQHBGwJYFvrAguodsf1cH4TlABX1TI5vpx2XdnfYKzMdC8T0SQPked-MV-Xb5qXmhzIZDwKny2gCoWeEkU7' +
        'b2g-TVIcdnssL9sxYmVwWz1pj7ocH9lXJWjQ3t19',
      '17jKXNorTKDekyyl9-apz22oMLA-sPObY-yG_XCAYNhzCbK02IxanFz8VWTUXUd2kPdP1whlHpStowU0Josh40UOi-wE5SPF58DFIrscnoN-' +
        'hWGmhO-3Ln2ocJmj6vAuFoMwrilm_v33Fp8CwbmZnxT-GhD9MjZjMY-8gQHXrqilVS3PPES2yohKImc-hTZb-G38lSF0xHIz9BOm6eh1AuoL' +
        'odE3p4eWzZWJXmy8t3sGig-dZ5MoD7yTIG4abyUb',
    ],
    [
      '8GQ6BvMowJeRZXi4VIfdq5vEVcCz9zhSoZl7wyMECoyaZLVsuGV5np9PT4lwPpdEfDWAhWNzpCRObMxHT-Kc8BbQrscM9D5S07jYwzyVK4Dg' +
        'PSmbWB2v7o_jB0msby4z-JcxeuOUHCZNe5dGQ1jcZJsDXXzE6PxKuN3BE9DvbP3bqcMj_RCqCd-nTV5MCmo4XHjV4z9w7YIYaIq6DE21FHD4' +
        '03voMaxDKcXlddaYeuOQJGAZg4a8tJc_bvNcktS9',
      'z8ityMujhqXIO0-NXYAF9YuPE3s3HSZUCQRTrxJriIjbclabviTA6rrWjfJGnK0ykpkmIOvtyids2XHBbBkZZpPrH_kZch5R4NoWp0EcM-aU' +
        'v-aldcQ1rt7M-1aEWXDN5y5f23IRn8_5AbpRPY4vta5j2ZAA-QV1IU6TSnUuJH5MAY8fBEWtirSVm7j1bDqDHKxtW4ApGfagXFTbOR4-qJzj' +
        '_obiYnFCCrF8nUgthgMpbt6Z6HzgOqAyDt0aLk2d',
    ],
    [
      '_fpUPltWtiihg001O5KMkmjVsIOAugIzw-8md1hO0BdndnPjuHSMZLWg244PhXflfK2-5rRgqyIQL0RMZ9-5pDtgmxYrNmzYqWSF88ncIp68' +
        '7qy07NgcjcI_23ltG74H3-6s7xM845327zHPlPeNOtRU3zA0FvPwTHXb4i02caiC9Mn8oiLyi2eYMsve7RsVcopuh2Qx9LhLcgDR6UNIdp0H' +
        'WrNhkQVQXHdI9rGcYJsV6D9kd3VHYYIvAlpQMMHl',
      'zYg99eyY54Q2lWpBdFjzcEqSKwLL7fkPV8FXm0z9K8VPIaWazoBx3oa_6YLBCHKwzuKQZJ8A9he-jAr4RiGds3kGVN_AyJ2pYbPG1TUdnSGr' +
        'kDgnqTCzQNtDxnCthwl0KEgaxIp6vCQP0FFb42yXpjGNlpgyeVM1YNUbD3r9sq-2YFWH59GrxJiIZJOwBlrqU-yVrgLvW_UnZQC2b_IZQQRn' +
        'he0qrtHPXKGQ9djPnyX_gCaBhRHO7i6gFzTjPwjP',
    ],
    [
      '72J0oTGSMrEfwsfOc9F9gE9tr2PLoBQkK-HER9KcXNU-Y06RS_to7ONgPwnKiW7qpob0E_jbl-Q2xxt-OvP3mkykTBZALoJ50u8ITLLKCDu_' +
        'fKRD30F8BdP4Y_FwqX5Lq1fwariS4s8wsgLWvQly0Qcz9bvzIYmQ7gQCD4bl3Ekr7J9PYXzZ0bwdltWhx-_flsFdwoMYH4Y9lf5QI4I_vMHC' +
        'vDarNUM8mGlpj52ZiICgLBh-CRYfnG0zWaWF9guR',
      'yPhKmHK0ggJuAFdFSSB_kOroawcCnZfVDFHl4ZFawRQ6z2uMGjAdkihh_nNH4r8N5h0rJz1Kmf9KOPaMvqLyr6GL8rrOTDrKEZqZqwTdiQ2H' +
        'Wd5TToLMuvSEEsUaiHXs-OCxJFJ74XAGPKqsbv6nI0_cICQBEJ3voG6xEP7EpONgxzvNrXL4TW7U3GE50_fhH-MmgODwOicGh1iM5HP0Kpri' +
        'F3om87hhhE1yp7BEsUl8bup_jIGrMkRHgOoI4IR7',
    ],
  ],
}
